/// Tokens and cost of a call.
extension DimensionTable {
    static let usage: [Dimension] = [
        Dimension(
            "tokens.input", as: .number, completion: .includingCached,
            reading: .tokens,
            from: .attributes(
                "gen_ai.usage.input_tokens", "llm.token_count.prompt",
                "gen_ai.usage.prompt_tokens", "ai.usage.inputTokens", "ai.usage.promptTokens",
                "ai.usage.tokens"
            ).read(.tokens),
            [
                .attribute("langfuse.observation.usage_details").read(.sum("input")),
                .attribute("mlflow.chat.tokenUsage").at("input_tokens").read(.tokens),
                .attribute("langsmith.usage_metadata").at("input_tokens").read(.tokens),
                .attribute("input_tokens").read(.tokens),
            ]),
        Dimension(
            "tokens.output", as: .number, reading: .tokens,
            from: .attributes(
                "gen_ai.usage.output_tokens", "llm.token_count.completion",
                "gen_ai.usage.completion_tokens", "ai.usage.outputTokens",
                "ai.usage.completionTokens"
            ).read(.tokens),
            [
                .attribute("langfuse.observation.usage_details").read(.sum("output")),
                .attribute("mlflow.chat.tokenUsage").at("output_tokens").read(.tokens),
                .attribute("langsmith.usage_metadata").at("output_tokens").read(.tokens),
                .attribute("output_tokens").read(.tokens),
            ]),
        Dimension(
            "tokens.cached", as: .number, reading: .tokens,
            from: .attributes(
                "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens",
                "llm.token_count.prompt_details.cache_read",
                "llm.token_count.prompt_details.cache_input", "ai.usage.cachedInputTokens",
                "ai.usage.inputTokenDetails.cacheReadTokens",
                "gen_ai.usage.details.cache_read_tokens",
                "gen_ai.usage.details.cache_read_input_tokens"
            ).read(.tokens),
            [
                .attribute("gen_ai.usage.input_token_details").at("cache_read").read(.tokens),
                .attribute("ai.response.providerMetadata")
                    .at("anthropic", "usage", "cache_read_input_tokens").read(.tokens),
                .attribute("ai.response.providerMetadata").at("openai", "cachedPromptTokens")
                    .read(.tokens),
                .attribute("ai.response.providerMetadata")
                    .at("bedrock", "usage", "cacheReadInputTokens").read(.tokens),
                .attribute("cache_read_tokens").read(.tokens),
            ]),
        Dimension(
            "tokens.reasoning", as: .number, reading: .tokens,
            from: .attributes(
                "gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens",
                "llm.usage.reasoning_tokens", "llm.token_count.completion_details.reasoning",
                "ai.usage.reasoningTokens", "ai.usage.outputTokenDetails.reasoningTokens",
                "gen_ai.usage.details.reasoning_tokens"
            ).read(.tokens),
            [
                .attribute("gen_ai.usage.output_token_details").at("reasoning").read(.tokens)
            ]),
        // In US dollars, as sent.
        Dimension(
            "cost", as: .number,
            from: [
                .attribute("langfuse.observation.cost_details").at("total"),
                .attribute("gen_ai.usage.cost"), .attribute("gen_ai.usage.cost.total"),
                .attribute("gen_ai.cost.total_cost"), .attribute("llm.cost.total"),
                .attribute("operation.cost"), .attribute("mlflow.llm.cost").at("total_cost"),
                .attribute("cost_usd"), .attribute("cost_usd_micros").read(.scaled(1e-6)),
                .attribute("cost.usd"),
            ]),
    ]
    /// Claude Code's own name for the input, which leaves out what came from and went to the cache.
    package static let inputWithoutCache = "input_tokens"

    /// Input tokens that were written to a cache. No dimension by which to ask; only a call's price needs it.
    package static let cacheWrites = Dimension(
        "tokens.cache_write", as: .number, reading: .tokens,
        from: .attributes(
            "gen_ai.usage.cache_write.input_tokens", "gen_ai.usage.cache_creation.input_tokens",
            "gen_ai.usage.cache_creation_input_tokens",
            "llm.token_count.prompt_details.cache_write",
            "ai.usage.inputTokenDetails.cacheWriteTokens",
            "gen_ai.usage.details.cache_write_tokens",
            "gen_ai.usage.details.cache_creation_input_tokens"
        ).read(.tokens),
        [
            .attribute("gen_ai.usage.input_token_details").at("cache_creation").read(.tokens),
            .attribute("ai.response.providerMetadata")
                .at("anthropic", "usage", "cache_creation_input_tokens").read(.tokens),
            .attribute("ai.response.providerMetadata").at("anthropic", "cacheCreationInputTokens")
                .read(.tokens),
            .attribute("cache_creation_tokens").read(.tokens),
        ])
}
