internal import Spans
internal import Store

/// What the events of each span hold.
struct EventValues {
    private let frame: any Frame

    init(_ fields: FieldResolver) { frame = fields.frame }

    func hasKey(_ key: String) -> Bool {
        !frame.keySet.attributes(key, in: .event).isEmpty
    }

    /// By span row, the values of an attribute over its events in order.
    ///
    /// - Parameter names: only events of these names count; empty for all.
    func values(of key: String, names: Set<String>) throws -> [Int: [GroupValue]] {
        let spans = try frame.numbers(EventField.span)
        var builder = FieldBuilder(rowCount: spans.count)
        for key in frame.keySet.attributes(key, in: .event) {
            if let column = try frame.column(key, withTexts: true) { builder.add(column) }
        }
        let field = builder.finished()
        let isNamed = try named(names)
        var values: [Int: [GroupValue]] = [:]
        for (event, span) in spans.enumerated() where field.codes[event] != 0 {
            guard Int(span) < frame.spanCount, isNamed?[event] != false else { continue }
            field.forEachValue(of: field.codes[event]) { code in
                values[Int(span), default: []].append(field.values.value(code))
            }
        }
        return values
    }

    /// By span row, the Unix nanoseconds of its first event of a name.
    func firstTimes(of name: String) throws -> [Int: Int64] {
        guard frame.rowCount(.event) > 0, let isNamed = try named([name]), isNamed.contains(true)
        else { return [:] }
        let spans = try frame.numbers(EventField.span)
        let times = try frame.numbers(EventField.time)
        var first: [Int: Int64] = [:]
        for event in spans.indices where isNamed[event] && Int(spans[event]) < frame.spanCount {
            let time = Int64(clamping: times[event])
            first[Int(spans[event])] = min(first[Int(spans[event])] ?? time, time)
        }
        return first
    }

    /// For each event whether it has one of the names; nil if all count.
    private func named(_ names: Set<String>) throws -> [Bool]? {
        if names.isEmpty { return nil }
        let key = ColumnKey(.event, .field, EventField.name.name, .string)
        var isNamed = [Bool](repeating: false, count: frame.rowCount(.event))
        guard let column = try frame.column(key, withTexts: true) else { return isNamed }
        let byCode = (0..<column.valueCount).map { names.contains(column.strings.string($0)) }
        column.presence.visit { row, entry in isNamed[row] = byCode[Int(column.codes[entry])] }
        return isNamed
    }
}
