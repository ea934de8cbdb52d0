internal import Spans
internal import Store

/// What the compared units of a frame have of one field, by codes of the frame; 0 is null.
///
/// Of traces of merged segments it is stored with their counts, so that no row needs to be looked at.
struct ComparedValues {
    private let source: Source
    private let codes: UnitCodes

    private enum Source {
        case rows(ValueTable)
        case stored(CountTable, SegmentCounts)
    }

    init(_ field: Field, _ frame: ComparedFrame, _ resolver: FieldResolver) throws {
        if frame.unit == .trace, let counts = frame.frame.counts,
            let table = try counts.values(of: field),
            let stored = try counts.traceValues(of: field)
        {
            source = .stored(table, counts)
            codes = stored
            return
        }
        let values = try UnitValues(field, frame.unit, resolver)
        source = .rows(values.field.values)
        codes = values.unitCodes
    }

    /// How many values there may be, null not counted.
    var valueCount: Int {
        switch source {
        case .rows(let table): table.count
        case .stored(let table, _): table.count
        }
    }

    var longest: Int { codes.longest }
    var isSingle: Bool { codes.ends.isEmpty }

    /// The only code of a unit, if each has one.
    @inline(__always)
    func code(of unit: Int) -> UInt32 { codes.codes[unit] }

    func codes(of unit: Int) -> Codes.SubSequence { codes[unit] }

    /// Visits values by their codes, each with its tag and bytes.
    ///
    /// - Parameter wanted: ascending, without null.
    func visit(_ wanted: some Sequence<Int>, _ body: (Int, UnsafeRawBufferPointer) -> Void) throws {
        switch source {
        case .rows(let table):
            for code in wanted { table.dictionary.withValue(code - 1) { body(code, $0) } }
        case .stored(let table, let counts):
            try counts.reading {
                try table.visit(.trace, wanted) { code, tagged, _ in body(code, tagged) }
            }
        }
    }

    /// The codes of some values; nil for those that the frame does not have.
    ///
    /// - Parameter values: in the order of their bytes; nothing at all is null.
    func codes(ofValues values: [[UInt8]]) throws -> [UInt32?] {
        switch source {
        case .rows(let table):
            return values.map { value in
                value.isEmpty
                    ? 0
                    : value.withUnsafeBytes { table.dictionary.existingCode(of: $0) }.map { $0 + 1 }
            }
        case .stored(let table, let counts):
            var cursor = QuietValues.Cursor()
            return try counts.reading {
                try values.map { value in
                    if value.isEmpty { return 0 }
                    // Within the call the cursor is the only thing that changes.
                    return try value.withUnsafeBytes { try table.number(of: $0, &cursor) }
                        .map { UInt32($0) }
                }
            }
        }
    }
}
