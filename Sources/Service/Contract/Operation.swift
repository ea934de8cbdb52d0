internal import Queries

/// What a route does, as `/openapi.json` says it: what it takes, and everything that it may answer.
struct Operation: Sendable {
    /// What it is for.
    enum Tag: String, Sendable, CaseIterable {
        case send, ask, service

        var meaning: String {
            switch self {
            case .send: "Spans and scores go in. 200 means durable and visible."
            case .ask: "Questions about what is held."
            case .service: "The service itself."
            }
        }
    }

    /// Of all operations no two have the same.
    var id: String
    let tag: Tag
    /// A line, and whatever else there is to say.
    var summary: String
    var description = ""
    /// Of the path, where the route has one.
    var pathParameter: Parameter?
    /// Of the URL.
    var parameters: [Parameter] = []
    /// None if the route takes no body.
    var body: [Content] = []
    /// Besides those that every route may give (`Answer.everywhere`).
    var answers: [Answer]

    /// Whether it answers a terminal, where errors are read by a person too.
    var takesText: Bool { Self.takesText(parameters) }

    static func takesText(_ parameters: [Parameter]) -> Bool {
        parameters.contains { parameter in
            if case .oneOf(let choices) = parameter.values {
                choices.contains("text")
            } else {
                false
            }
        }
    }
}

/// A body of one media type.
struct Content: Sendable {
    let type: String
    /// nil where JSON Schema has no word for it, as of bytes.
    let schema: Schema?

    init(_ type: String, _ schema: Schema?) {
        self.type = type
        self.schema = schema
    }

    static func json(_ schema: Schema) -> Content { Content("application/json", schema) }
    static func text(_ meaning: String) -> Content {
        Content("text/plain", .text.meaning(meaning))
    }
}

/// What a route may answer with one status.
struct Answer: Sendable {
    let status: Int
    let meaning: String
    var content: [Content]
    var fields: [Field]

    init(_ status: Int, _ meaning: String, _ content: [Content] = [], fields: [Field] = []) {
        self.status = status
        self.meaning = meaning
        self.content = content
        self.fields = fields
    }

    /// A header field of an answer.
    struct Field: Sendable {
        let name: String
        let meaning: String
        let schema: Schema
        /// Whether answers that name it always have it.
        let isAlways: Bool
    }
}

extension Answer.Field {
    static let entityTag = Self(
        name: "ETag",
        meaning:
            "Over the question and the content; If-None-Match with it spares the answer. Not with check=1.",
        schema: .text(matching: #"^(W/)?"[0-9a-f]+"$"#), isAlways: false)
    static let retryAfter = Self(
        name: "Retry-After", meaning: "Seconds after which to try again.", schema: .count,
        isAlways: false)
    static let coverage = Self(
        name: "Everyspan-Coverage",
        meaning:
            "The coverage as JSON, where the format has no room for it: rows, ndjson, csv, text.",
        schema: .text, isAlways: false)
    static let cursor = Self(
        name: "Everyspan-Cursor",
        meaning: "Where the next page begins, where the format has no room for it.", schema: .text,
        isAlways: false)
}

extension Answer {
    /// What any route may answer, before a route is even looked for.
    static let everywhere: [(name: String, answer: Answer)] = [
        ("Malformed", failure(400, "The request is malformed.")),
        ("TooSlow", failure(408, "The request did not come in time.")),
        ("TooLarge", failure(413, "The body is larger than the service takes.")),
        ("TooLongURL", failure(414, "The request line is too long; questions can be posted.")),
        ("Unexpected", failure(417, "Expect asks for something else than 100-continue.")),
        ("TooLongHeader", failure(431, "The header is too long.")),
        (
            "Unavailable",
            Answer(
                503, "Try again: too many connections, or a disk that is full or fails.",
                [.json(.named("Error"))], fields: [.retryAfter])
        ),
    ]

    static func failure(_ status: Int, _ meaning: String) -> Answer {
        Answer(status, meaning, [.json(.named("Error"))])
    }

    /// An error of a question. With `format=text`, where that is taken, a person reads it.
    static func failure(
        _ status: Int, _ meaning: String, isReadable: Bool, fields: [Field] = []
    ) -> Answer {
        var content: [Content] = [.json(.named("Error"))]
        if isReadable {
            content.append(
                .text("With format=text in the URL: the message, and a caret under the place."))
        }
        return Answer(status, meaning, content, fields: fields)
    }
}
