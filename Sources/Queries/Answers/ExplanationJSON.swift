package import JSON
internal import Spans
package import Store

/// Writes how a span would be read.
package struct ExplanationJSON {
    private let explanation: SpanExplanation

    package init(_ explanation: SpanExplanation) { self.explanation = explanation }

    package func write(_ json: inout JSONWriter) {
        json.object { json in
            json.key("dimensions")
            json.object { json in
                for dimension in explanation.dimensions {
                    json.key(dimension.name)
                    json.object { json in
                        json.key("value")
                        json.value(dimension.values, of: Field(dimension.name))
                        json.member("from", Self.text(dimension.origin))
                    }
                }
            }
            json.key("keys")
            json.array { json in
                for key in explanation.keys { write(key, &json) }
            }
        }
    }

    private func write(_ key: SpanExplanation.Key, _ json: inout JSONWriter) {
        json.object { json in
            json.member("key", Self.name(key.table, key.name))
            json.key("feeds")
            json.array { json in
                for name in key.feeds { json.value(name) }
            }
            if let hint = hint(key) { json.member("hint", hint) }
        }
    }

    private func hint(_ key: SpanExplanation.Key) -> String? {
        if !key.feeds.isEmpty { return nil }
        if let closest = key.closest {
            return "`\(key.name)` is not mapped; did you mean `\(closest)`?"
        }
        guard let name = key.passedOver.first else {
            return "`\(key.name)` is not mapped; it is kept, and asked for by this name"
        }
        return explanation.dimensions.contains { $0.name == name }
            ? "`\(name)` has its value from elsewhere"
            : "`\(key.name)` may be `\(name)`, but its value says nothing here"
    }

    private static func text(_ origin: SpanExplanation.Origin) -> String {
        switch origin {
        case .key(let table, let name): Self.name(table, name)
        case .part(let name): name
        case .inherited: "inherited"
        case .derived: "derived from the trace"
        }
    }

    /// As a query would name the place.
    private static func name(_ table: Table, _ name: String) -> String {
        table == .span ? name : "\(table.name).\(name)"
    }
}
