internal import Dimensions
internal import Spans
internal import Store

/// Says how the spans of a batch would be read, without keeping them.
///
/// The values are those that a query would find, by the same resolver; a span inherits from the others of the batch.
struct SpanExplainer {
    private let batch: SpanBatch
    private let reserved: [String]
    private let control: ScanControl
    private let table = DimensionTable.standard

    init(_ batch: SpanBatch, reserved: [String], _ control: ScanControl) {
        self.batch = batch
        self.reserved = reserved
        self.control = control
    }

    func explanations() throws -> [SpanExplanation] {
        var result = (0..<batch.count).map { row in
            var explanation = SpanExplanation()
            explanation.keys = keys(row)
            return explanation
        }
        if batch.count == 0 { return [] }
        let frame = try LooseFrame([(SegmentData(batch), nil)])
        let fields = FieldResolver(frame: frame, control: control)
        for name in table.names where DimensionTable.synonyms[name] == nil {
            let field = try fields.resolve(Field(name), forComparison: false)
            let origins = try table[name].map {
                try CanonicalResolver($0, fields).origins()
            }
            for (row, code) in field.codes.enumerated() where code != 0 {
                let span = Int(frame.order[row].row)
                var values: [GroupValue] = []
                field.forEachValue(of: code) { values.append(field.values.value($0)) }
                result[span].dimensions.append(
                    .init(
                        name: name, values: values,
                        origin: origin(of: name, origins?[row], &result[span])))
            }
        }
        for span in result.indices { complete(&result[span]) }
        return result
    }

    // MARK: Keys

    private func keys(_ row: Int) -> [SpanExplanation.Key] {
        var keys: [SpanExplanation.Key] = []
        func add(_ table: Table, _ entries: [AttributeValue.Entry]) {
            for entry in entries
            where !keys.contains(where: { $0.table == table && $0.name == entry.key }) {
                keys.append(.init(table: table, name: entry.key))
            }
        }
        add(.span, batch.spans.attributes(row))
        add(.resource, batch.resources.attributes(Int(batch.spans.number(SpanField.resource, row))))
        add(.scope, batch.scopes.attributes(Int(batch.spans.number(SpanField.scope, row))))
        for event in 0..<batch.events.rowCount
        where batch.events.number(EventField.span, event) == UInt64(row) {
            add(.event, batch.events.attributes(event))
        }
        return keys
    }

    private func origin(
        of name: String, _ place: SourcePlace?, _ explanation: inout SpanExplanation
    ) -> SpanExplanation.Origin {
        guard let place else {
            if DimensionTable.ofTraces.contains(name) { return .derived }
            return table[name]?.isInherited == true ? .inherited : .part("nothing")
        }
        var fed: SpanExplanation.Origin?
        for index in explanation.keys.indices {
            let key = explanation.keys[index]
            guard place.source.reads(key.name, of: key.table),
                place.table == nil ? isOwn(key.table, of: place.source) : key.table == place.table
            else { continue }
            explanation.keys[index].feeds.append(name)
            fed = fed ?? .key(key.table, key.name)
        }
        return fed ?? .part(part(place.source))
    }

    /// Without a place of its own a source of attributes is looked for on the span.
    private func isOwn(_ table: Table, of source: DimensionSource) -> Bool {
        source.isAttribute ? table == .span : true
    }

    private func part(_ source: DimensionSource) -> String {
        switch source.origin {
        case .spanName: "name"
        case .status: "status"
        case .statusMessage: "status_message"
        case .keyTenant: "the sender's key"
        case .child(let key): "\(key) of a child"
        case .eventTime(let name): "the event \(name)"
        default: "nothing"
        }
    }

    // MARK: Keys that feed nothing

    private func complete(_ explanation: inout SpanExplanation) {
        for index in explanation.keys.indices {
            let key = explanation.keys[index]
            explanation.keys[index].passedOver = table.dimensions.filter { dimension in
                !key.feeds.contains(dimension.name)
                    && dimension.sources.contains { $0.reads(key.name, of: key.table) }
            }.map(\.name)
            if key.feeds.isEmpty, explanation.keys[index].passedOver.isEmpty, key.table != .event {
                explanation.keys[index].closest = closest(to: key.name)
            }
        }
    }

    /// The canonical name, reserved name or known key that differs in spelling only, or by a letter or two.
    private func closest(to key: String) -> String? {
        let wanted = Self.letters(key)
        if wanted.count < 4 { return nil }
        let distanceMax = wanted.count < 6 ? 0 : wanted.count < 12 ? 1 : 2
        var best: (distance: Int, name: String)?
        let names =
            table.names + reserved
            + table.dimensions.flatMap { dimension in dimension.sources.compactMap(\.key) }
        for name in names where name != key {
            let letters = Self.letters(name)
            if abs(letters.count - wanted.count) > distanceMax { continue }
            let distance = NearestName.distance(wanted, letters)
            if distance <= distanceMax, distance < best?.distance ?? .max {
                best = (distance, name)
            }
        }
        return best?.name
    }

    private static func letters(_ name: String) -> [UInt8] {
        name.lowercased().utf8.filter {
            (97...122).contains($0) || (48...57).contains($0) || $0 > 127
        }
    }
}
