internal import Queries

/// What takes spans and scores in.
extension Operation {
    static let exportTraces: Operation = {
        var operation = export("exportTrace", "spans", body: "resourceSpans")
        operation.takeForm(of: .traces)
        return operation
    }()
    static let exportLogs = export("exportLogs", "log records", body: "resourceLogs")
    static let exportMetrics = export(
        "exportMetrics", "metrics, which are not stored", body: "resourceMetrics")

    static let sendSpans: Operation = {
        var operation = native("sendSpans", "Native spans.", element: "NativeSpan", under: "spans")
        operation.parameters = [ExplainRoute.parameter]
        operation.answers[0].content = [
            .json(.any(of: [.named("Receipt"), .named("Explanation")]))
        ]
        operation.answers[1].content = [
            .json(.any(of: [.named("Error"), .named("Receipt"), .named("Explanation")]))
        ]
        operation.takeForm(of: .spans)
        return operation
    }()
    static let sendScores = native(
        "sendScores", "Scores of spans, traces and responses.", element: "NativeScore",
        under: "scores")

    // MARK: OTLP

    private static func export(_ name: String, _ what: String, body: String) -> Operation {
        let refused = [
            Content("application/x-protobuf", nil),
            .json(.any(of: [.named("RPCStatus"), .named("Error")])),
        ]
        return Operation(
            id: name, tag: .send, summary: "OTLP: \(what).",
            description: """
                An OTLP export request (opentelemetry.io/docs/specs/otlp) as protobuf or \
                JSON, as it is or with Content-Encoding gzip or deflate; the answer has the same type. 200 with \
                partialSuccess where some were refused, or all.
                """,
            body: [
                Content("application/x-protobuf", nil),
                .json(.object([.sometimes(body, .list(of: .attributes))])),
            ],
            answers: [
                Answer(
                    200, "Durable and visible, but for what partialSuccess counts.",
                    [Content("application/x-protobuf", nil), .json(.named("ExportReply"))]),
                Answer(400, "The body does not decode; nothing is stored.", refused),
                Answer(
                    413, "The body is larger than the service takes, or inflates to more.", refused),
                Answer(
                    415, "Neither protobuf nor JSON, or another coding than gzip and deflate.",
                    refused),
                Answer(503, "Try again.", refused, fields: [.retryAfter]),
            ])
    }

    // MARK: Native

    private static func native(
        _ id: String, _ summary: String, element: String, under name: String
    ) -> Operation {
        Operation(
            id: id, tag: .send, summary: summary,
            description: """
                One, a list, a list under `\(name)`, or several in a row, as it is or with Content-Encoding gzip or \
                deflate. The Content-Type does not matter: what begins with { or [ is JSON.
                """,
            body: [
                .json(.bodies(of: element, under: name)),
                .lines(of: element),
            ],
            answers: [
                Answer(
                    200, "Durable and visible, but for those that were refused.",
                    [.json(.named("Receipt"))]),
                Answer(
                    400, "Nothing can be read, or all were refused.",
                    [.json(.any(of: [.named("Error"), .named("Receipt")]))]),
                .failure(415, "Another coding than gzip and deflate."),
            ])
    }

    // MARK: Questions at the same place

    /// A form is no spans: it asks what GET asks there.
    private mutating func takeForm(of question: Operation) {
        description += " A form (application/x-www-form-urlencoded) asks what GET asks here."
        body.append(
            Content("application/x-www-form-urlencoded", .question(question.parameters, in: .form)))
        for asked in question.posted.answers {
            guard let index = answers.firstIndex(where: { $0.status == asked.status }) else {
                answers.append(asked)
                continue
            }
            answers[index].add(asked)
        }
    }
}

extension Answer {
    /// The same status for another reason.
    fileprivate mutating func add(_ other: Answer) {
        for part in other.content {
            guard let index = content.firstIndex(where: { $0.type == part.type }) else {
                content.append(part)
                continue
            }
            let schemas = [content[index].schema, part.schema].compactMap(\.self)
            content[index] = Content(part.type, .any(of: schemas))
        }
        fields += other.fields
    }
}
