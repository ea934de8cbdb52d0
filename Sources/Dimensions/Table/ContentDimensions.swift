/// What was asked with which prompt, which tools and documents, and what came back.
extension DimensionTable {
    static let content: [Dimension] = [
        Dimension(
            "prompt.name", inherited: true,
            from: .attributes(
                "gen_ai.prompt.name", "langfuse.observation.prompt.name", "langfuse.prompt.name",
                "prompt.id", "traceloop.prompt.key"),
            [
                .attribute("ai.telemetry.metadata.langfusePrompt").at("name"),
                .attribute("mlflow.linkedPrompts").at("*", "name"),
                .attribute("metadata.prompt_management_metadata").at("prompt_id"),
            ],
            .attributes(
                "langsmith.metadata.prompt_name", "langsmith.metadata.lc_hub_repo",
                "prompt.template.id"),
            MetadataBags.sources("prompt_id", "prompt_name")),
        Dimension(
            "prompt.version", inherited: true, completion: .prefixed(by: "prompt.name"),
            from: .attributes(
                "gen_ai.prompt.version", "langfuse.observation.prompt.version",
                "langfuse.prompt.version", "llm.prompt_template.version",
                "traceloop.prompt.version", "traceloop.prompt.version_name",
                "traceloop.prompt.version_hash"),
            [
                .attribute("mlflow.linkedPrompts").at("*", "version"),
                .attribute("ai.telemetry.metadata.langfusePrompt").at("version"),
            ],
            .attributes("langsmith.metadata.lc_hub_commit_hash", "prompt.template.version"),
            MetadataBags.sources("prompt_version")),
        Dimension(
            "prompt.text", completion: .afterInstructions,
            from: .attributes("gen_ai.input.messages").read(.whole),
            [
                .indexed(
                    "llm.input_messages.*.message.content",
                    "llm.input_messages.*.message.contents.*.message_content.text", joined: true),
                .indexed("llm.prompts.*.prompt.text", joined: true),
                .indexed("gen_ai.prompt.*.content", joined: true),
            ],
            .attributes(
                "llm.input_messages", "langfuse.observation.input", "ai.prompt.messages",
                "ai.prompt", "input.value", "traceloop.entity.input", "mlflow.spanInputs",
                "gen_ai.prompt", "gcp.vertex.agent.llm_request", "gen_ai.system_instructions"
            ).read(.whole),
            [
                .event(
                    "content", of: ["gen_ai.user.message", "gen_ai.system.message"]),
                .event("gen_ai.prompt"),
            ]),
        Dimension(
            "output.text",
            from: .attributes("gen_ai.output.messages").read(.whole),
            [
                .indexed(
                    "llm.output_messages.*.message.content",
                    "llm.output_messages.*.message.contents.*.message_content.text", joined: true),
                .indexed("llm.choices.*.completion.text", joined: true),
                .indexed("gen_ai.completion.*.content", joined: true),
            ],
            .attributes(
                "llm.output_messages", "langfuse.observation.output", "ai.response.text",
                "ai.response.object", "ai.response.toolCalls", "ai.result.text",
                "ai.result.object", "output.value", "traceloop.entity.output",
                "mlflow.spanOutputs", "final_result", "gen_ai.completion",
                "gcp.vertex.agent.llm_response"
            ).read(.whole),
            [.event("content", of: ["gen_ai.choice"]), .event("gen_ai.completion")]),
        // Only what ran a tool has one: model calls list the tools that they may use.
        Dimension(
            "tool",
            from: .attributes(
                "gen_ai.tool.name", "tool.name", "ai.toolCall.name", "traceloop.entity.name",
                "mlflow.spanFunctionName", "mcp.tool.name", "tool_name", "langsmith.trace.name"
            ).on("tool"),
            [
                DimensionSource(.spanName).read(
                    .without(prefixes: ["execute_tool ", "running tool: "])
                ).on("tool")
            ]),
        Dimension(
            "tool.sequence",
            from: .attributes("gen_ai.tool.sequence").read(.joined(">"))),
        Dimension(
            "document",
            from: .attributes("gen_ai.retrieval.document.ids"),
            [
                .attribute("gen_ai.retrieval.documents").at("*", "id"),
                .indexed("retrieval.documents.*.document.id"),
                .indexed("reranker.output_documents.*.document.id"),
                .event("db.query.result.id"), .event("db.search.result.id"),
            ],
            retrieved("id"), retrieved("metadata", "id"), retrieved("metadata", "source"),
            retrieved("metadata", "doc_uri"),
            [.attribute("retrieval.document.ids")],
            // Documents without ids are known by their text.
            [
                .attribute("gen_ai.retrieval.documents").at("*", "content"),
                .indexed("retrieval.documents.*.document.content"),
                .indexed("reranker.output_documents.*.document.content"),
                .event("db.query.result.document"),
            ].read(.hash), retrieved("page_content").read(.hash)),
    ]

    /// No dimension by which to ask; only the whole prompt needs it.
    package static let systemInstructions = Dimension(
        "prompt.instructions", from: .attributes("gen_ai.system_instructions").read(.whole))

    /// What a retriever gave back, for the dialects that send it as its output.
    private static func retrieved(_ path: String...) -> [DimensionSource] {
        ["langfuse.observation.output", "mlflow.spanOutputs"].map {
            .attribute($0).at(["*"] + path).on("retrieval")
        }
    }

    static let experiments: [Dimension] = [
        Dimension(
            "locale", inherited: true, reading: .locale,
            from: .attributes(
                "user.locale", "browser.language", "http.request.header.accept-language",
                "gen_ai.prompt.variable.locale", "gen_ai.prompt.variable.language"
            ).read(.locale),
            MetadataBags.sources("locale", "language", "lang").read(.locale)),
        Dimension(
            "experiment", inherited: true,
            from: .attributes(
                "gen_ai.experiment.name", "gen_ai.experiment.id", "langfuse.experiment.name",
                "langfuse.experiment.id", "mlflow.sourceRun"),
            [.attribute("langsmith.trace.session_name").beside("langsmith.reference_example_id")],
            MetadataBags.sources("experiment", "experiment_id", "experiment_name")),
        Dimension(
            "variant", inherited: true,
            from: .attributes("gen_ai.experiment.variant", "feature_flag.result.variant"),
            [
                .event("feature_flag.result.variant"), .event("feature_flag.variant"),
                .attribute("eval.bucket"),
            ],
            MetadataBags.sources("variant", "bucket", "ab_bucket", "cohort", "arm")),
    ]

    static let errors: [Dimension] = [
        Dimension(
            "error.type",
            from: [
                .event("exception.type", of: ["exception"]).read(.last),
                .attribute("gen_ai.client.operation.exception.type"), .attribute("error.code"),
                .attribute("http.response.status_code").read(.httpError).onFailure,
                DimensionSource(.child("http.response.status_code")).read(.httpError).onFailure,
                DimensionSource(.statusMessage).read(.errorClass).onFailure,
                // The conventions' word for a failure of no known class.
                DimensionSource(.status).read(.words(["error": "_OTHER"])),
            ]),
        Dimension(
            "error.message",
            from: [
                DimensionSource(.statusMessage),
                .event("exception.message", of: ["exception"]).read(.last),
                .attribute("langfuse.observation.status_message"),
            ]),
    ]
}
