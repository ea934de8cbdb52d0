/// Which model answered, and how it was asked.
extension DimensionTable {
    static let models: [Dimension] = [
        Dimension(
            "provider", reading: .provider,
            from: [
                .attribute("gen_ai.provider.name").read(.providerUnlessFramework),
                .attribute("gen_ai.system").read(.providerUnlessFramework),
            ],
            .attributes(
                "llm.provider", "llm.system", "ai.model.provider", "mlflow.llm.provider",
                "langsmith.metadata.ls_provider"
            ).read(.providerUnlessFramework),
            [.attribute("server.address").read(.providerOfHost)],
            .attributes("gen_ai.provider.name", "gen_ai.system").read(.provider)),
        Dimension(
            "model",
            from: .attributes("gen_ai.request.model", "llm.request.model_name", "ai.model.id"),
            [
                .attribute("llm.invocation_parameters").at("model"),
                .attribute("llm.invocation_parameters").at("model_name"),
            ],
            .attributes(
                "langfuse.observation.model.name", "llm.model_name", "embedding.model_name",
                "reranker.model_name", "mlflow.llm.model", "langsmith.metadata.ls_model_name",
                "model_name")),
        Dimension(
            "model.revision",
            from: .attributes(
                "gen_ai.response.model", "llm.response.model_name", "ai.response.model"),
            [
                // One dialect sends the asked and the answering model, another the answering alone.
                .attribute("llm.model_name").unlike("model"),
                .attribute("llm.response.model"),
            ]),
        Dimension(
            "finish_reason", reading: .finishReason,
            from: .attributes(
                "gen_ai.response.finish_reasons", "gen_ai.response.finish_reason",
                "llm.finish_reason", "ai.response.finishReason", "gen_ai.finishReason",
                "gen_ai.completion.0.finish_reason"
            ).read(.finishReason),
            [
                .event("finish_reason", of: ["gen_ai.choice"]).read(.finishReason),
                .attribute("gen_ai.output.messages").at("*", "finish_reason").read(.finishReason),
            ],
            .attributes("gen_ai.response.stop_reason", "llm.response.stop_reason")
                .read(.finishReason)),
        Dimension(
            "temperature", as: .number,
            from: .attributes("gen_ai.request.temperature"),
            [
                .attribute("llm.invocation_parameters").at("temperature"),
                .attribute("langfuse.observation.model.parameters").at("temperature"),
            ],
            .attributes("ai.settings.temperature", "langsmith.metadata.ls_temperature"),
            [.attribute("langsmith.metadata.invocation_params").at("temperature")]),
        Dimension(
            "stream", as: .boolean,
            from: .attributes(
                "gen_ai.request.stream", "gen_ai.is_streaming", "llm.is_streaming",
                "gen_ai.request.is_stream", "langsmith.request.streaming"),
            [
                .attribute("llm.invocation_parameters").at("stream"),
                .attribute("langsmith.metadata.invocation_params").at("stream"),
                .attribute("ai.operationId").read(
                    .parts([("stream", "true"), (".doStream", "true")])),
            ],
            .attributes(
                "gen_ai.response.time_to_first_chunk", "ai.response.msToFirstChunk",
                "ai.stream.msToFirstChunk", "ttft_ms"
            ).read(.present)),
        // In milliseconds, as durations are.
        Dimension(
            "ttft", as: .number, completion: .withinDuration,
            from: .attributes(
                "gen_ai.response.time_to_first_chunk",
                "gen_ai.client.operation.time_to_first_chunk",
                "gen_ai.server.time_to_first_token"
            ).read(.scaled(1000)),
            .attributes("ai.response.msToFirstChunk", "ai.stream.msToFirstChunk"),
            [
                DimensionSource(.time(key: "langfuse.observation.completion_start_time")),
                DimensionSource(.eventTime(name: "ai.stream.firstChunk")),
                DimensionSource(.eventTime(name: "First Token Stream Event")),
                .attribute("ttft_ms"),
            ]),
    ]
}
