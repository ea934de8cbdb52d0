internal import JSON
internal import Queries

/// Writes `/openapi.json`: an OpenAPI 3.1 document (spec.openapis.org/oas/v3.1.1) of all routes.
struct ContractDocument {
    let version: String
    /// By path, as OpenAPI spells it, what each method does.
    let paths: [(path: String, operations: [(method: String, operation: Operation)])]

    private static let description = """
        Spans go in; dimensions name what they carry; an expression picks some; slices, series, traces and spans \
        answer. docs/API.md says what parameters and expressions mean.

        Every path answers OPTIONS with its methods (Allow); where it takes GET it takes HEAD. Answers of 1 KiB and \
        more are compressed where Accept-Encoding wants it. Server-Timing says how long an answer took to make.
        """

    var bytes: [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("openapi", "3.1.1")
            json.key("info")
            json.object { json in
                json.member("title", "Everyspan")
                json.member("version", version)
                json.member("description", Self.description)
                json.key("license")
                json.object { json in
                    json.member("name", "Apache-2.0")
                    json.member("identifier", "Apache-2.0")
                }
            }
            // Wherever the document was read from, behind a proxy too.
            json.key("servers")
            json.array { json in json.object { $0.member("url", "/") } }
            writeTags(&json)
            json.newline()
            json.key("paths")
            json.object { json in
                for (path, operations) in paths {
                    json.newline()
                    json.key(path)
                    json.object { json in
                        for (method, operation) in operations {
                            json.newline()
                            json.key(method.lowercased())
                            write(operation, &json)
                        }
                    }
                }
            }
            json.newline()
            writeComponents(&json)
        }
        json.newline()
        return json.bytes
    }

    private func writeTags(_ json: inout JSONWriter) {
        json.key("tags")
        json.array { json in
            for tag in Operation.Tag.allCases {
                json.object { json in
                    json.member("name", tag.rawValue)
                    json.member("description", tag.meaning)
                }
            }
        }
    }

    private func writeComponents(_ json: inout JSONWriter) {
        json.key("components")
        json.object { json in
            json.key("schemas")
            json.object { json in
                for (name, schema) in Schema.named {
                    json.newline()
                    json.key(name)
                    json.raw(schema.json)
                }
            }
            json.newline()
            json.key("responses")
            json.object { json in
                for (name, answer) in Answer.everywhere {
                    json.newline()
                    json.key(name)
                    write(answer, &json)
                }
            }
        }
    }

    // MARK: Operations

    private func write(_ operation: Operation, _ json: inout JSONWriter) {
        json.object { json in
            json.member("operationId", operation.id)
            json.member("summary", operation.summary)
            if !operation.description.isEmpty {
                json.member("description", operation.description)
            }
            json.key("tags")
            json.array { $0.value(operation.tag.rawValue) }
            if operation.pathParameter != nil || !operation.parameters.isEmpty {
                json.key("parameters")
                json.array { json in
                    if let id = operation.pathParameter { write(id, isOfPath: true, &json) }
                    for parameter in operation.parameters {
                        write(parameter, isOfPath: false, &json)
                    }
                }
            }
            if !operation.body.isEmpty {
                json.key("requestBody")
                json.object { json in
                    json.member("required", operation.tag == .send)
                    write(operation.body, &json)
                }
            }
            json.key("responses")
            json.object { write(answersOf: operation, &$0) }
        }
    }

    private func write(_ parameter: Parameter, isOfPath: Bool, _ json: inout JSONWriter) {
        json.newline()
        json.object { json in
            json.member("name", parameter.name)
            json.member("in", isOfPath ? "path" : "query")
            json.member("description", parameter.meaning)
            if isOfPath { json.member("required", true) }
            if parameter.values == .list { json.member("explode", false) }
            json.key("schema")
            json.raw(parameter.schema(in: .url).json)
        }
    }

    private func write(answersOf operation: Operation, _ json: inout JSONWriter) {
        let own = operation.answers.map { (status: $0.status, answer: $0) }
        let shared = Answer.everywhere.filter { shared in
            !own.contains { $0.status == shared.answer.status }
        }
        for (status, answer) in own {
            json.newline()
            json.key("\(status)")
            write(answer, &json)
        }
        for (name, answer) in shared {
            json.newline()
            json.key("\(answer.status)")
            json.object { $0.member("$ref", "#/components/responses/\(name)") }
        }
    }

    private func write(_ answer: Answer, _ json: inout JSONWriter) {
        json.object { json in
            json.member("description", answer.meaning)
            if !answer.fields.isEmpty {
                json.key("headers")
                json.object { json in
                    for field in answer.fields {
                        json.key(field.name)
                        json.object { json in
                            json.member("description", field.meaning)
                            json.member("required", field.isAlways)
                            json.key("schema")
                            json.raw(field.schema.json)
                        }
                    }
                }
            }
            if !answer.content.isEmpty { write(answer.content, &json) }
        }
    }

    private func write(_ content: [Content], _ json: inout JSONWriter) {
        json.key("content")
        json.object { json in
            for part in content {
                json.key(part.type)
                json.object { json in
                    if let schema = part.schema {
                        json.key("schema")
                        json.raw(schema.json)
                    }
                }
            }
        }
    }
}
