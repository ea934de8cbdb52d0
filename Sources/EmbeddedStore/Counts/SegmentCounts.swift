internal import Dimensions
internal import Spans
internal import Store

/// The counts that are stored of a segment, each read when it is asked for and kept warm within the budget.
///
/// They follow from the segment's rows: whatever is wrong with them, the rows still answer.
struct SegmentCounts: Sendable {
    private let segment: Segment
    private let records: CountRecords
    /// Differs where they were made anew.
    var number: UInt64 { records.number }

    /// nil if there are none, or of another mapping.
    init?(of segment: Segment) {
        guard let records = segment.countRecords, records.mapping == DimensionTable.version else {
            return nil
        }
        self.segment = segment
        self.records = records
    }

    /// What is said of all units together.
    struct Whole: MemorySized {
        let minutes: MinuteCounts
        /// The numbers of the traces that no count is about.
        let apart: [UInt32]
        var byteCount: Int { minutes.byteCount + apart.count * 4 }
    }

    func whole() throws -> Whole {
        try reading {
            try segment.derived("minute counts \(number)") {
                let bytes = try segment.partition.minuteCounts(of: segment.id, records)
                let (minutes, apart) = try CountsCodec.minuteCounts(bytes)
                guard apart.allSatisfy({ $0 < segment.record.traces }) else {
                    throw DamagedBytes("a trace that is not there lies apart")
                }
                return Whole(minutes: minutes, apart: apart)
            }
        }
    }

    /// The counts of a field; nil if there are none.
    func values(of field: Field) throws -> CountTable? {
        guard let name = try Self.name(of: field) ?? nameOfOnlyPlace(field) else { return nil }
        guard let record = records.byField[name] else {
            // A key that no row has needs no counts.
            guard name.scope == .attribute,
                try Table.keyed.allSatisfy({
                    try segment.keySet.attributes(name.name, in: $0).isEmpty
                })
            else { return nil }
            return CountTable(absentFrom: try whole().minutes.totals)
        }
        return try reading {
            try segment.derived("value counts \(number) \(record.id)") {
                try CountsCodec.countTable(try segment.partition.valueCounts(record))
            }
        }
    }

    /// What each trace of the segment has of a field, by the numbers of its counts; nil if it is not stored.
    ///
    /// - Parameter isPassing: whether it stays in memory only if it was there before.
    func traceValues(of field: Field, isPassing: Bool = false) throws -> UnitCodes? {
        guard let name = try Self.name(of: field) ?? nameOfOnlyPlace(field),
            let record = records.byField[name], record.ofTraces != nil
        else { return nil }
        func read() throws -> UnitCodes {
            guard let bytes = try segment.partition.traceValues(record),
                let table = try values(of: field)
            else { throw DamagedBytes("values of traces are gone") }
            return try CountsCodec.traceValues(
                bytes, traces: segment.record.traces, values: table.count)
        }
        let kept = "trace values \(number) \(record.id)"
        return try reading {
            if isPassing { return try segment.known(kept) ?? read() }
            return try segment.derived(kept, make: read)
        }
    }

    /// Of a key that is read from one place: its name if no row has it in another, for then these counts are of that place alone.
    private func nameOfOnlyPlace(_ field: Field) throws -> Field? {
        guard let table = Table.keyed.first(where: { $0.scope == field.scope }) else { return nil }
        let keySet = try segment.keySet
        let isAlone = Table.keyed.allSatisfy {
            $0 == table || keySet.attributes(field.name, in: $0).isEmpty
        }
        return isAlone ? Field(field.name, scope: .attribute) : nil
    }

    /// The name under which a field's counts are stored; nil if none are stored of such.
    static func name(of field: Field) -> Field? {
        switch field.scope {
        case .attribute: field
        case .any where canonical.contains(field.name): field
        // Scores come and go without the segment.
        case .any where field.name.hasPrefix("score."): nil
        case .any: Field(field.name, scope: .attribute)
        case .root, .span, .resource, .scope, .event: nil
        }
    }

    /// The names that are no raw keys.
    private static let canonical = FieldResolver.intrinsics.union(DimensionTable.standard.names)

    /// Runs what reads these counts, so that who asked is told whose are damaged.
    func reading<T>(_ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch let error as DamagedSegment {
            // Of rows, which were read on the way.
            throw error
        } catch {
            guard let reason = Damage.reason(error) else { throw error }
            throw damaged(reason)
        }
    }

    func damaged(_ reason: String) -> DamagedCounts {
        DamagedCounts(segment: segment, number: number, reason: reason)
    }
}

extension Table {
    /// Those whose attributes a raw key may name.
    static let keyed: [Table] = [.span, .resource, .scope]

    /// How a key of this table alone is asked for.
    fileprivate var scope: Field.Scope? {
        switch self {
        case .span: .span
        case .resource: .resource
        case .scope: .scope
        case .event, .link: nil
        }
    }
}

/// A segment's counts turned out damaged; its rows did not.
struct DamagedCounts: Error, CustomStringConvertible {
    let segment: Segment
    /// Of the counts: others may have been made meanwhile.
    let number: UInt64
    let reason: String

    var description: String {
        "the counts of segment \(segment.id) of \(segment.partition.name): \(reason)"
    }
}
