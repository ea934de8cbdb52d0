internal import Dimensions
internal import Spans
internal import Store

/// Makes the counts of a segment from its rows.
struct CountsMaking {
    /// What counting keeps of columns that several fields are made of.
    private static let warmBytesMax = 24 << 20
    private static let level: Int32 = 4
    /// Fields with this many values, of which most are a span's own, are ids: as many counts as rows would say nothing more.
    private static let idsMin = 4096

    private let fields: FieldResolver
    private let apart: [UInt32]
    private let units: CountedUnits

    /// - Parameter apart: the numbers of the traces that are not counted, ascending.
    init(_ segment: Segment, apart: [UInt32]) throws {
        // Past the warm columns, so that it does not push out what queries use.
        let own = try Segment(
            segment.record, segment.partition, WarmColumns(bytesMax: Self.warmBytesMax))
        let frame = SegmentFrame(own, traceEnds: try own.traceEnds(), skipped: nil)
        fields = FieldResolver(frame: frame, control: ScanControl(seconds: 600))
        self.apart = apart
        units = try CountedUnits(.allBut(apart), fields)
    }

    var traceEnds: [UInt32] { fields.frame.traceEnds }

    func minutes() throws -> MinuteCounts { try MinuteCounts(units, fields) }

    func sealed() throws -> SealedCounts {
        var counts = SealedCounts(
            mapping: DimensionTable.version,
            minutes: try SealedBytes(
                CountsCodec.encode(minutes(), apart: apart), level: Self.level))
        let (canonical, keys) = try countedFields()
        var isDone: Set<String> = []
        for field in canonical {
            guard var counted = try sealed(field) else { continue }
            // Looked at now, while the dimension's values are at hand.
            for key in try twins(of: field, among: keys)
            where isDone.insert(key.name).inserted {
                counted.fields.append(key)
            }
            counts.values.append(counted)
        }
        for field in keys where !isDone.contains(field.name) {
            if let counted = try sealed(field) { counts.values.append(counted) }
        }
        return counts
    }

    private func sealed(_ field: Field) throws -> SealedCounts.Values? {
        guard let counted = try counted(field) else { return nil }
        // A raw key may have a dimension's name, but not its others.
        let others = field.scope == .any ? Self.synonyms[field.name, default: []] : []
        return .init(
            fields: [field] + others.map { Field($0) },
            distinct: counted.counts.values.count,
            bytes: try SealedBytes(CountsCodec.encode(counted.counts), level: Self.level),
            ofTraces: try SealedBytes(
                CountsCodec.encode(counted.traceValues(traceEnds)),
                level: Self.level))
    }

    /// The keys that have just what a dimension has.
    private func twins(of field: Field, among keys: [Field]) throws -> [Field] {
        guard let dimension = DimensionTable.standard[field.name] else { return [] }
        let sources = Set(dimension.sources.compactMap(\.key))
        let twins = RawTwin(fields)
        return try keys.filter { key in
            try sources.contains(key.name) && twins.has(field, asKey: key.name)
        }
    }

    /// By the name of a dimension its others.
    private static let synonyms = Dictionary(
        grouping: DimensionTable.synonyms.keys.sorted(), by: { DimensionTable.synonyms[$0] ?? $0 })

    /// nil if the field's values are ids.
    func counted(_ field: Field) throws -> CountedField? {
        let resolved = try fields.resolve(field, forComparison: false)
        if resolved.values.count > Self.idsMin {
            if resolved.values.count > resolved.entryCount / 4 * 3 { return nil }
        }
        return try CountedField(field, resolved, units, fields)
    }

    /// All but texts, ids and times: what has a name of its own, and raw keys.
    func countedFields() throws -> (canonical: [Field], keys: [Field]) {
        let keys = fields.frame.keySet
        let names = Set(DimensionTable.standard.names + FieldResolver.intrinsics)
        let canonical = names.subtracting(Self.uncounted)
            .subtracting(DimensionTable.synonyms.keys).sorted().map { Field($0) }
        let raw = keys.rawNames.subtracting(Self.texts).sorted()
        return (
            canonical, try raw.filter { try !isLong($0) }.map { Field($0, scope: .attribute) }
        )
    }

    static let uncounted: Set<String> = [
        "trace_id", "span_id", "parent_span_id", "prompt.text", "output.text", "start_time",
        "duration",
    ]

    private static let texts = Set(
        ["prompt.text", "output.text"].flatMap {
            DimensionTable.standard[$0]?.sources.compactMap(\.key) ?? []
        })

    /// Whether the values of a key lie in a pool of texts.
    private func isLong(_ key: String) throws -> Bool {
        for table in Table.keyed {
            for key in fields.frame.keySet.attributes(key, in: table) {
                if try fields.frame.column(key, withTexts: false)?.lacksTexts == true {
                    return true
                }
            }
        }
        return false
    }
}
