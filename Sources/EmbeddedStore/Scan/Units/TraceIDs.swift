internal import Spans
internal import Store

/// The trace of each unit of a frame.
struct TraceIDs: Sendable {
    private let column: ColumnData?
    private let frame: any Frame
    private let unit: Unit

    init(_ frame: any Frame, _ unit: Unit) throws {
        column = try frame.field(SpanField.traceID)
        self.frame = frame
        self.unit = unit
    }

    /// For each span a number of its trace; nil if units are traces.
    var numbers: [UInt32]? { unit == .trace ? nil : column?.codes }

    /// The 16 bytes as a big-endian number.
    func id(_ number: Int) -> UInt128 {
        guard let column else { return 0 }
        let row = unit == .trace ? frame.rows(of: number).lowerBound : number
        return column.strings.withValue(Int(column.codes[row])) { bytes in
            bytes.count == 16 ? UInt128(bigEndian: bytes.loadUnaligned(as: UInt128.self)) : 0
        }
    }
}
