internal import Dimensions
internal import Spans
internal import Store

/// The stored counts are those of the segment's rows.
enum CountCheck: SegmentCheck {
    static func run(
        _ segment: CheckedSegment, _ add: (String, String, String?) -> Void
    ) throws {
        if segment.record.isPacked { return }
        do {
            let stored = segment.segment
            // What was wrong when it was opened is said here.
            let records = try stored.partition.countRecords(of: stored.id)
            guard let records, records.mapping == DimensionTable.version else { return }
            stored.setCounts(records)
            guard let counts = SegmentCounts(of: stored) else { return }
            try compare(counts, Set(records.byField.keys), stored, add)
        } catch let damage as DamagedCounts {
            add("readable counts", damage.reason, "counts")
        } catch let damage as DamagedBytes {
            add("readable counts", damage.reason, "counts")
        }
    }

    private static func compare(
        _ counts: SegmentCounts, _ fields: Set<Field>, _ segment: Segment,
        _ add: (String, String, String?) -> Void
    ) throws {
        let whole = try counts.whole()
        let making = try CountsMaking(segment, apart: whole.apart)
        if try making.minutes() != whole.minutes {
            add("counts by minute as rows give them", "others", "counts")
        }
        let expectedFields = try making.countedFields()
        for field in expectedFields.canonical + expectedFields.keys {
            let found = try fields.contains(field) ? counts.values(of: field) : nil
            let counted = try making.counted(field)
            let expected = try counted.map {
                try CountsCodec.countTable(CountsCodec.encode($0.counts))
            }
            if found != nil, let counted,
                let ofTraces = try counts.traceValues(of: field),
                !isSame(ofTraces, counted.traceValues(making.traceEnds))
            {
                add("values of traces as rows give them", "others", "counts of \(field.name)")
            }
            if try !isSame(found, expected, counts) {
                add(
                    expected == nil ? "no counts of ids" : "counts by value as rows give them",
                    found == nil ? "none" : "others", "counts of \(field.name)")
            }
        }
    }

    private static func isSame(_ found: UnitCodes, _ expected: UnitCodes) -> Bool {
        found.ends == expected.ends && found.codes.elementsEqual(expected.codes)
    }

    private static func isSame(
        _ found: CountTable?, _ expected: CountTable?, _ counts: SegmentCounts
    ) throws -> Bool {
        guard let found, let expected else { return found == nil && expected == nil }
        guard found.isList == expected.isList, found.count == expected.count else { return false }
        return try counts.reading {
            try [Unit.span, .trace].allSatisfy { unit in
                try entries(of: found, unit) == entries(of: expected, unit)
            }
        }
    }

    private struct Entry: Equatable {
        let value: [UInt8]
        let tally: Tally
    }

    /// What fails comes first, and each part is in order, so the same counts give the same list.
    private static func entries(of table: CountTable, _ unit: Unit) throws -> [Entry] {
        var entries: [Entry] = []
        try table.visit(unit) { entries.append(Entry(value: Array($1), tally: $2)) }
        return entries
    }
}
