internal import Queries

/// The service itself.
extension Operation {
    static let help = text(
        "help", "Help for a terminal: one live line, then a command for each need.")
    static let metrics = text("metrics", "The service itself, for Prometheus.")
    static let health = text("health", "The process lives and answers.")
    static let readiness: Operation = {
        var operation = text("readiness", "Spans can be taken.")
        operation.answers.append(
            Answer(
                503, "The service stops: spans should go elsewhere.",
                [.text("stopping"), .json(.named("Error"))], fields: [.retryAfter]))
        return operation
    }()
    static let status = Operation(
        id: "status", tag: .service, summary: "What is held, what waits, the ledger.",
        parameters: StatusRequest.parameters,
        answers: [
            Answer(
                200, "The status.", [.json(.named("Status")), .text("A table for a terminal.")]),
            .failure(400, "What is wrong with the question.", isReadable: true),
        ])
    static let contract = Operation(
        id: "contract", tag: .service, summary: "This document.",
        answers: [
            Answer(200, "OpenAPI 3.1.", [.json(.attributes)], fields: [.entityTag]),
            Answer(304, "What If-None-Match names still holds.", fields: [.entityTag]),
        ])

    private static func text(_ id: String, _ summary: String) -> Operation {
        Operation(
            id: id, tag: .service, summary: summary, answers: [Answer(200, summary, [.text("")])])
    }
}
