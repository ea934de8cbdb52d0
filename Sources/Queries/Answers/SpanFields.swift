internal import Spans
internal import Store

/// The values that fields have on single spans.
struct SpanFields {
    private let rows: SpanRows
    private var batch: SpanBatch { rows.batch }

    init(_ rows: SpanRows) { self.rows = rows }

    /// None where the span has no value.
    func values(of field: Field, _ row: Int) -> [GroupValue] {
        if field.scope == .any {
            if let intrinsic = intrinsic(field.name, row) { return intrinsic }
            let name = field.name == "session" ? "conversation" : field.name
            if let dimension = rows.dimensions[row].first(where: { $0.name == name }) {
                return dimension.values
            }
            if rows.canonical.contains(name) { return [] }
        }
        return raw(field, row).map { [GroupValue($0)] } ?? []
    }

    private func intrinsic(_ name: String, _ row: Int) -> [GroupValue]? {
        let spans = batch.spans
        switch name {
        case "trace_id": return [.text(Hex.text(spans.bytes(SpanField.traceID, row)))]
        case "span_id": return [.text(Hex.text(spanID: spans.number(SpanField.spanID, row)))]
        case "parent_span_id":
            let parent = spans.number(SpanField.parentSpanID, row)
            return parent == 0 ? [] : [.text(Hex.text(spanID: parent))]
        case "name": return [.text(spans.text(SpanField.name, row))]
        case "kind": return [.text(SpanWords.kind(spans.number(SpanField.kind, row)))]
        case "status": return [.text(SpanWords.status(spans.number(SpanField.status, row)))]
        case "status_message":
            let text = spans.text(SpanField.statusMessage, row)
            return text.isEmpty ? [] : [.text(text)]
        case "start_time":
            return [.integer(Int64(clamping: spans.number(SpanField.start, row)))]
        case "duration":
            let duration = Int64(bitPattern: spans.number(SpanField.duration, row))
            return [.double(Double(max(0, duration)) / 1e6)]
        default: return nil
        }
    }

    /// A raw key: the span's, else the resource's, else the scope's.
    private func raw(_ field: Field, _ row: Int) -> AttributeValue? {
        func find(_ entries: [AttributeValue.Entry]) -> AttributeValue? {
            entries.first { $0.key == field.name }?.value
        }
        if [.any, .attribute, .span].contains(field.scope),
            let value = find(batch.spans.attributes(row))
        {
            return value
        }
        if [.any, .attribute, .resource].contains(field.scope),
            let resource = pointer(.resource, row),
            let value = find(batch.resources.attributes(resource))
        {
            return value
        }
        guard [.any, .attribute, .scope].contains(field.scope), let scope = pointer(.scope, row)
        else { return nil }
        return find(batch.scopes.attributes(scope))
    }

    /// The row of a span's resource or scope.
    func pointer(_ field: SpanField, _ row: Int) -> Int? {
        let column = batch.spans.columns[field.rawValue]
        return column.index(of: row).map { Int(column.numbers[$0]) }
    }
}

extension GroupValue {
    fileprivate init(_ value: AttributeValue) {
        switch value {
        case .empty: self = .null
        case .string(let text): self = .text(text)
        case .bool(let flag): self = .boolean(flag)
        case .int(let number): self = .integer(number)
        case .double(let number): self = .double(number)
        case .bytes(let bytes): self = .bytes(bytes)
        case .array, .map: self = .json(value.json)
        }
    }
}
