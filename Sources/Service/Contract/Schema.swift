internal import JSON
internal import Spans

/// A JSON Schema (json-schema.org, 2020-12), as far as the contract needs one.
struct Schema: Sendable {
    /// A member of an object.
    struct Member: Sendable {
        let name: String
        let schema: Schema
        let isRequired: Bool
    }

    /// In order, each with its value as JSON.
    private var keywords: [(name: String, json: String)] = []

    var json: String {
        "{" + keywords.map { "\(AttributeValue.quoted($0.name)):\($0.json)" }.joined(separator: ",")
            + "}"
    }

    // MARK: Kinds

    /// Whatever JSON can say.
    static let anything = Schema()
    static let text = Schema(type: "string")
    static let integer = Schema(type: "integer")
    static let count = integer.with("minimum", "0")
    static let number = Schema(type: "number")
    /// A share or a probability.
    static let share = number.with("minimum", "0").with("maximum", "1")
    static let flag = Schema(type: "boolean")
    static let null = Schema(type: "null")
    static let time = text.with("format", AttributeValue.quoted("date-time"))

    static func text(matching pattern: String) -> Schema {
        text.with("pattern", AttributeValue.quoted(pattern))
    }

    static func integer(in range: ClosedRange<Int>) -> Schema {
        integer.with("minimum", "\(range.lowerBound)").with("maximum", "\(range.upperBound)")
    }

    static func oneOf(_ choices: [String]) -> Schema {
        text.with("enum", list(choices.map(AttributeValue.quoted)))
    }

    static func list(of element: Schema) -> Schema {
        Schema(type: "array").with("items", element.json)
    }

    /// - Parameter others: of which kind members are that have no name here; nil if there are none.
    static func object(_ members: [Member], others: Schema? = nil) -> Schema {
        var schema = Schema(type: "object")
        if !members.isEmpty {
            schema.keywords.append(("properties", object(members.map { ($0.name, $0.schema) })))
        }
        let required = members.filter(\.isRequired).map { AttributeValue.quoted($0.name) }
        if !required.isEmpty { schema.keywords.append(("required", list(required))) }
        if let others { schema.keywords.append(("additionalProperties", others.json)) }
        return schema
    }

    static func any(of schemas: [Schema]) -> Schema {
        Schema().with("anyOf", list(schemas.map(\.json)))
    }

    /// A schema of `Schema.named`.
    static func named(_ name: String) -> Schema {
        Schema().with("$ref", AttributeValue.quoted("#/components/schemas/\(name)"))
    }

    // MARK: More about one

    var orNull: Schema { .any(of: [self, .null]) }

    /// An object that has no members but those named.
    var closed: Schema { with("additionalProperties", "false") }

    func meaning(_ text: String) -> Schema { with("description", AttributeValue.quoted(text)) }

    func with(_ keyword: String, _ json: String) -> Schema {
        var schema = self
        schema.keywords.append((keyword, json))
        return schema
    }

    private init() {}

    private init(type: String) { keywords = [("type", AttributeValue.quoted(type))] }

    private static func list(_ elements: [String]) -> String {
        "[" + elements.joined(separator: ",") + "]"
    }

    private static func object(_ members: [(String, Schema)]) -> String {
        "{" + members.map { "\(AttributeValue.quoted($0)):\($1.json)" }.joined(separator: ",") + "}"
    }
}

extension Schema.Member {
    /// A member that is always there.
    static func always(_ name: String, _ schema: Schema, _ meaning: String = "") -> Self {
        Self(
            name: name, schema: meaning.isEmpty ? schema : schema.meaning(meaning), isRequired: true
        )
    }

    static func sometimes(_ name: String, _ schema: Schema, _ meaning: String = "") -> Self {
        Self(
            name: name, schema: meaning.isEmpty ? schema : schema.meaning(meaning),
            isRequired: false)
    }
}
