internal import Spans
internal import Store

/// What the compared units of a frame have of one field, by codes of the frame; 0 is null.
///
/// Of traces of merged segments it is stored with their counts, so that no row needs to be looked at; nor of spans where all of a trace
/// have what the trace has.
struct ComparedValues {
    private let source: Source
    private let codes: UnitCodes

    private enum Source {
        case rows(ValueTable)
        case stored(CountTable, SegmentCounts)
    }

    init(_ field: Field, _ frame: ComparedFrame, _ resolver: FieldResolver) throws {
        if frame.unit == .trace || TraceDimensions(fields: resolver).isShared(field),
            let counts = frame.frame.counts,
            let table = try counts.values(of: field),
            let stored = try counts.traceValues(of: field)
        {
            source = .stored(table, counts)
            codes = frame.traceOf.map(stored.spread) ?? stored
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

    /// The greatest number of values that one of some units has.
    func longest(_ units: UnitSelection) -> Int {
        if isSingle { return 1 }
        var most = 1
        codes.ends.withUnsafeBufferPointer { ends in
            units.visit { _, unit in
                most = max(most, Int(ends[unit] - (unit == 0 ? 0 : ends[unit - 1])))
            }
        }
        return most
    }

    var isSingle: Bool { codes.ends.isEmpty }

    /// Reads the codes of units within a call, past which the reader is not to be kept.
    @inline(__always)
    func reading<R>(_ body: (UnitCodes.Reader) throws -> R) rethrows -> R {
        try codes.reading(body)
    }

    /// The places of all units.
    ///
    /// - Parameters:
    ///   - placeOf: by code.
    ///   - areApart: whether no two codes have the same place.
    func column(_ placeOf: [UInt16], areApart: Bool) -> ItemColumn {
        var places = Places(placeOf: placeOf)
        codes.codes.visit(&places)
        if isSingle { return ItemColumn(places.places) }
        return areApart
            ? ItemColumn(ends: codes.ends, places: places.places)
            : ItemColumn(ends: codes.ends, withoutRepetitions: places.places)
    }

    private struct Places: Codes.Visitor {
        let placeOf: [UInt16]
        var places: [UInt16] = []

        mutating func visit<Code: FixedWidthInteger>(_ codes: UnsafeBufferPointer<Code>) {
            places = placeOf.withUnsafeBufferPointer { placeOf in
                codes.map { placeOf[Int($0)] }
            }
        }
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
