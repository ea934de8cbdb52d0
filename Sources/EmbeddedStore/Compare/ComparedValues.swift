internal import Spans
internal import Store

/// What the compared units of a frame have of one field, by codes of the frame; 0 is null.
///
/// Of traces of merged segments it is stored with their counts, so that no row needs to be looked at; nor of spans where all of a trace
/// have what the trace has.
struct ComparedValues: MemorySized {
    private let source: Source
    private let codes: UnitCodes
    /// By unit whose codes it has: its trace's. nil if each has its own.
    private let owners: [UInt32]?
    /// Whether it is not kept for the question's next step.
    private(set) var isPassing = false

    private enum Source: Sendable {
        case rows(ValueTable)
        case stored(CountTable, SegmentCounts)
    }

    /// With more bytes a unit, lists of many values would push out of memory what all other dimensions take.
    private static let bytesKeptMax = 8

    init(_ field: Field, _ frame: ComparedFrame, _ resolver: FieldResolver) throws {
        self =
            try Self(storedOf: field, frame, resolver) ?? Self(rowsOf: field, frame, resolver)
    }

    /// nil if rows must be looked at.
    init?(
        storedOf field: Field, _ frame: ComparedFrame, _ resolver: FieldResolver
    ) throws {
        guard let counts = frame.frame.counts, let table = try counts.values(of: field),
            try frame.unit == .trace || frame.isShared(field, resolver),
            let codes = try counts.traceValues(of: field)
        else { return nil }
        source = .stored(table, counts)
        self.codes = codes
        owners = try frame.traceOf(resolver)
    }

    /// What rows have. It stays with the frame for the question's next step, unless nothing does or it is too large.
    init(rowsOf field: Field, _ frame: ComparedFrame, _ resolver: FieldResolver) throws {
        let name = "compared \(frame.unit) \(field.scope) \(field.name)"
        if let known: Self = resolver.frame.known(name) {
            self = known
            return
        }
        var made = Self(try UnitValues(field, frame.unit, resolver))
        made.isPassing =
            resolver.keepsNothing || made.byteCount > Self.bytesKeptMax * frame.isTarget.count
        self = made.isPassing ? made : try resolver.kept(name, for: field) { made }
    }

    private init(_ values: UnitValues) {
        source = .rows(values.field.values)
        codes = values.unitCodes
        owners = nil
    }

    /// What is stored is kept by itself.
    var byteCount: Int {
        switch source {
        case .rows(let table): codes.byteCount + table.dictionary.byteCount
        case .stored: 0
        }
    }

    /// How many values there may be, null not counted.
    var valueCount: Int {
        switch source {
        case .rows(let table): table.count
        case .stored(let table, _): table.count
        }
    }

    /// The greatest number of values that one of some units has.
    func longest(_ units: UnitSelection) -> Int {
        if isSingle { return 1 }
        var most = 1
        codes.ends.withUnsafeBufferPointer { ends in
            units.visit { _, unit in
                let owner = owners.map { Int($0[unit]) } ?? unit
                most = max(most, Int(ends[owner] - (owner == 0 ? 0 : ends[owner - 1])))
            }
        }
        return most
    }

    var isSingle: Bool { codes.ends.isEmpty }

    /// Reads the codes of units within a call, past which the reader is not to be kept.
    @inline(__always)
    func reading<R>(_ body: (UnitCodes.Reader) throws -> R) rethrows -> R {
        try codes.reading(owners: owners, body)
    }

    /// What a table says of the code of each unit, where each has one alone and its own.
    func looked(upIn table: [UInt8]) -> [UInt8] {
        precondition(isSingle && owners == nil)
        return codes.codes.looked(upIn: table)
    }

    /// What units have, by the places of codes.
    ///
    /// - Parameters:
    ///   - placeOf: by code.
    ///   - areApart: whether no two codes have the same place.
    func column(_ placeOf: [UInt16], areApart: Bool) -> PlacedColumn {
        PlacedColumn(owners: owners, codes, placeOf, areApart: areApart)
    }

    /// How many of the compared units have each code, and how many traces.
    ///
    /// - Parameter traceOf: of spans, by row the number of its trace.
    func tallies(_ frame: ComparedFrame, traceOf: [UInt32]?) -> [UnitTallies] {
        if let owners { return talliesByTrace(frame, owners) }
        var counting = Counting(
            frame: frame, traceOf: traceOf, ends: codes.ends,
            counters: [TraceCounter](repeating: TraceCounter(), count: valueCount + 1))
        codes.codes.visit(&counting)
        return counting.counters.map(\.tallies)
    }

    private struct Counting: Codes.Visitor {
        let frame: ComparedFrame
        let traceOf: [UInt32]?
        let ends: [UInt32]
        var counters: [TraceCounter]

        mutating func visit<Code: FixedWidthInteger>(_ codes: UnsafeBufferPointer<Code>) {
            let (frame, traceOf, ends) = (frame, traceOf, ends)
            counters.withUnsafeMutableBufferPointer { counters in
                ends.withUnsafeBufferPointer { ends in
                    frame.reading(traceOf: traceOf) { units in
                        frame.selection.visit { _, unit in
                            if ends.isEmpty {
                                return units.add(unit, to: &counters[Int(codes[unit])])
                            }
                            let start = unit == 0 ? 0 : Int(ends[unit - 1])
                            for at in start..<Int(ends[unit]) {
                                units.add(unit, to: &counters[Int(codes[at])])
                            }
                        }
                    }
                }
            }
        }
    }

    /// All spans of a trace at once.
    private func talliesByTrace(_ frame: ComparedFrame, _ owners: [UInt32]) -> [UnitTallies] {
        var sums = [UnitTallies](repeating: UnitTallies(), count: valueCount + 1)
        sums.withUnsafeMutableBufferPointer { sums in
            codes.reading(owners: nil) { codes in
                var open = Tally()
                var trace = UInt32.max
                func close() {
                    if open.count == 0 { return }
                    let tallies = UnitTallies(
                        units: open,
                        traces: Tally(count: 1, failures: open.failures > 0 ? 1 : 0))
                    codes.visit(Int(trace)) { sums[Int($0)] += tallies }
                    open = Tally()
                }
                frame.reading(traceOf: owners) { units in
                    frame.selection.visit { _, unit in
                        if units.trace(of: unit) != trace {
                            close()
                            trace = units.trace(of: unit)
                        }
                        open.count &+= 1
                        open.failures &+= units.isTarget(unit) ? 1 : 0
                    }
                }
                close()
            }
        }
        return sums
    }

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
