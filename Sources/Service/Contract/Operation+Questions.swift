internal import Queries
internal import Store

/// Questions.
extension Operation {
    static let slices = question(
        "slices", "One row for each combination of values.", SlicesRequest.parameters,
        rowAnswers("Slices", isCheckable: true))
    static let series = question(
        "series", "Slices for each step of time.", SeriesRequest.parameters,
        rowAnswers("Series", isCheckable: true))
    static let compare = question(
        "compare", "Which slices explain that some units fail and others do not.",
        CompareRequest.parameters, rowAnswers("Comparison", isCheckable: true))
    static let findings: Operation = {
        var operation = question(
            "findings", "What the standing watch has found: open, resolved, since when.",
            FindingsRequest.parameters, rowAnswers("Findings", isCheckable: true))
        // It says of the watch when it looked last, so it is never unchanged.
        operation.answers.removeAll { $0.status == 304 || $0.status == 422 || $0.status == 504 }
        return operation
    }()
    static let traces = question(
        "traces", "A row for each trace, newest first.", ListRequest.parameters(of: .trace),
        rowAnswers("Traces", fields: [.cursor]))
    static let spans = question(
        "spans", "Spans, newest first.", ListRequest.parameters(of: .span),
        rowAnswers("Spans", fields: [.cursor]))
    static let dimensions = question(
        "dimensions", "What there is to slice by; with name, its values.",
        DimensionsRequest.parameters, rowAnswers("Dimensions", "DimensionValues"))

    static let ledger = Operation(
        id: "ledger", tag: .ask,
        summary: "What was refused, repaired, late, doubled or dropped, and whose it was.",
        parameters: LedgerRequest.parameters,
        answers: rowAnswers("Ledger", isTagged: false, isCheckable: true) + [
            .failure(400, "What is wrong with the question.", isReadable: true),
            .failure(503, "Try again.", isReadable: true, fields: [.retryAfter]),
        ])

    static let trace: Operation = {
        var operation = question(
            "trace", "One trace.", TraceRequest.parameters,
            [
                Answer(
                    200, "The trace.",
                    [
                        .json(.any(of: [.named("Trace"), .named("TracesData")])),
                        Content("application/x-protobuf", nil),
                        .text("With format=text: its tree."),
                    ], fields: [.entityTag]),
                .failure(404, "No trace is called so.", isReadable: true),
            ])
        operation.description = """
            format=otlp, or Accept: application/x-protobuf, is the lossless form, an OTLP TracesData; with \
            Accept: application/json as OTLP/JSON.
            """
        operation.pathParameter = TraceRequest.id
        return operation
    }()

    static let tail = Operation(
        id: "tail", tag: .ask, summary: "Spans as they are committed.",
        description: """
            Never ends by itself. A span is a line of JSON, in Server-Sent Events one that begins with "data: "; \
            Span, or the fields that were asked for. {"skipped":N} (event: skipped) says how many were left out \
            since they came faster than they were read. Empty lines are signs of life.
            """,
        parameters: TailRequest.parameters,
        answers: [
            Answer(
                200, "A stream of spans.",
                [
                    Content("text/event-stream", .text), .lines(of: "TailSpan"),
                ]),
            .failure(400, "What is wrong with the question."),
        ])

    private static func question(
        _ id: String, _ summary: String, _ parameters: [Parameter], _ answers: [Answer]
    ) -> Operation {
        let isReadable = Operation.takesText(parameters)
        return Operation(
            id: id, tag: .ask, summary: summary, parameters: parameters,
            answers: answers + [
                Answer(304, "What If-None-Match names still holds.", fields: [.entityTag]),
                .failure(400, "What is wrong with the question.", isReadable: isReadable),
                .failure(422, "The query would take too much memory.", isReadable: isReadable),
                .failure(503, "Try again.", isReadable: isReadable, fields: [.retryAfter]),
                .failure(504, "The query took longer than it may.", isReadable: isReadable),
            ])
    }

    /// - Parameter names: of the schemas that the JSON answer may have.
    private static func rowAnswers(
        _ names: String..., fields: [Answer.Field] = [], isTagged: Bool = true,
        isCheckable: Bool = false
    ) -> [Answer] {
        let content: [Content] = [
            .json(.any(of: names.map { .named($0) } + [.list(of: .named("FlatRow"))])),
            .lines(of: "FlatRow"),
            Content("text/csv", .text.meaning("RFC 4180, with a header.")),
            .text("A table for a terminal."),
        ]
        let ok = Answer(
            200, "The answer, in the format that was asked for.", content,
            fields: (isTagged ? [.entityTag] : []) + [.coverage] + fields)
        guard isCheckable else { return [ok] }
        return [
            ok,
            Answer(409, "With check=1: the same, and a row is left.", content, fields: [.coverage]),
        ]
    }
}

extension Operation {
    /// The same question as a form or as JSON, for those that are too long for a URL.
    var posted: Operation {
        var operation = self
        operation.id = id + "Posted"
        operation.summary = summary + " Asked with a body."
        operation.description =
            "Parameters are in the body, in the URL, or some here and some there; none twice."
        operation.body = [
            Content("application/x-www-form-urlencoded", .question(parameters, in: .form)),
            .json(.question(parameters, in: .json)),
        ]
        operation.answers.removeAll { $0.status == 304 }
        return operation
    }
}

extension Content {
    /// A value a line.
    static func lines(of name: String) -> Content {
        // OpenAPI has a word for it from 3.2 on, `itemSchema`; here an extension says it.
        Content("application/x-ndjson", .text.with("x-itemSchema", Schema.named(name).json))
    }
}
