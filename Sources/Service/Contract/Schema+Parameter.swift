internal import Queries
internal import Spans

extension Parameter {
    /// Where the parameter is given, which decides how a list of values is written.
    enum Place {
        /// `by=a,b`, which OpenAPI calls a list that is not exploded.
        case url
        /// Text alone: forms would repeat the name for each element.
        case form
        /// Text, or a list of texts.
        case json
    }

    func schema(in place: Place) -> Schema {
        var schema =
            switch values {
            case .text: Schema.text
            case .list: list(in: place)
            case .oneOf(let choices): Schema.oneOf(choices)
            case .number(let range): Schema.integer(in: range)
            case .hexadecimal(let digits):
                Schema.text(matching: "^[0-9A-Fa-f]{\(digits.lowerBound),\(digits.upperBound)}$")
            case .countOrAll:
                Schema.any(of: [
                    Schema.integer.with("minimum", "1"), Schema.text.with("const", "\"all\""),
                ])
            }
        if let standard { schema = schema.with("default", json(standard, in: place)) }
        if !examples.isEmpty {
            let texts = examples.map { json($0, in: place) }
            schema = schema.with("examples", "[\(texts.joined(separator: ","))]")
        }
        return schema
    }

    private func list(in place: Place) -> Schema {
        switch place {
        case .url: .list(of: .text)
        case .form: .text
        case .json: .any(of: [.text, .list(of: .text)])
        }
    }

    private func json(_ value: String, in place: Place) -> String {
        switch values {
        case .number, .countOrAll: Int(value) == nil ? AttributeValue.quoted(value) : value
        case .list where place == .url:
            "["
                + value.split(separator: ",").map { AttributeValue.quoted(String($0)) }
                .joined(separator: ",") + "]"
        default: AttributeValue.quoted(value)
        }
    }
}

extension Schema {
    /// A body that asks: the parameters as members.
    static func question(_ parameters: [Parameter], in place: Parameter.Place) -> Schema {
        .object(
            parameters.map {
                .sometimes($0.name, $0.schema(in: place), $0.meaning)
            }
        ).closed
    }
}
