/// What kind of step a span is.
extension DimensionTable {
    static let operations: [Dimension] = [
        Dimension(
            "operation.kind", completion: .otherwise("other"),
            from: [
                .attribute("langfuse.observation.type").read(
                    .words([
                        "generation": "chat", "embedding": "embeddings", "tool": "tool",
                        "agent": "agent", "chain": "chain", "retriever": "retrieval",
                        "guardrail": "guardrail", "evaluator": "evaluation", "event": "other",
                    ])),
                .attribute("openinference.span.kind").read(.words(["llm": "completion"]))
                    .beside("llm.prompts.0.prompt.text"),
                .attribute("openinference.span.kind").read(.words(frameworkKinds)),
                .attribute("langsmith.span.kind").read(.words(frameworkKinds)),
                .attribute("gen_ai.operation.name").read(.words(genAIOperations)),
                .attribute("operation").read(.words(genAIOperations)),
                .attribute("mlflow.spanType").read(.words(frameworkKinds)),
                .attribute("traceloop.span.kind").read(
                    .words([
                        "workflow": "workflow", "task": "task", "agent": "agent", "tool": "tool",
                    ])),
                .attribute("llm.request.type").read(
                    .words([
                        "chat": "chat", "completion": "completion", "embedding": "embeddings",
                        "rerank": "rerank",
                    ])),
                .attribute("ai.operationId").read(.parts(vercelOperations)),
                .attribute("operation.name").read(.parts(vercelOperations)),
                .attribute("genkit:metadata:subtype").read(
                    .words([
                        "model": "chat", "background-model": "chat", "embedder": "embeddings",
                        "tool": "tool", "tool.v2": "tool", "retriever": "retrieval",
                        "evaluator": "evaluation",
                    ])),
                .attribute("span.type").read(
                    .words([
                        "interaction": "agent", "llm_request": "chat", "tool": "tool",
                        "claude_code.interaction": "agent", "claude_code.llm_request": "chat",
                        "claude_code.tool": "tool",
                    ])),
            ], presence),
        // As it was sent; without it, what the other dialects call it.
        Dimension(
            "operation",
            from: .attributes("gen_ai.operation.name", "ai.operationId", "llm.request.type")),
    ]

    /// What OpenInference, LangSmith and MLflow call their kinds, in lower case.
    private static let frameworkKinds: [String: String] = [
        "llm": "chat", "chat_model": "chat", "embedding": "embeddings", "chain": "chain",
        "retriever": "retrieval", "reranker": "rerank", "tool": "tool", "agent": "agent",
        "guardrail": "guardrail", "evaluator": "evaluation", "prompt": "prompt",
        "parser": "task", "task": "task", "workflow": "workflow", "memory": "memory",
    ]

    private static let genAIOperations: [String: String] = [
        "chat": "chat", "generate_content": "chat", "generate": "chat", "call_llm": "chat",
        "text_completion": "completion", "completion": "completion",
        "acompletion": "completion", "atext_completion": "completion",
        "embeddings": "embeddings", "embedding": "embeddings", "aembedding": "embeddings",
        "retrieval": "retrieval", "rerank": "rerank", "arerank": "rerank",
        "execute_tool": "tool", "invoke_agent": "agent", "create_agent": "agent_create",
        "invoke_workflow": "workflow", "plan": "plan", "agent_step": "task",
        "search_memory": "memory", "create_memory": "memory", "update_memory": "memory",
        "upsert_memory": "memory", "delete_memory": "memory", "create_memory_store": "memory",
        "delete_memory_store": "memory",
    ]

    /// The wrappers `ai.generateText` and so on count as agents: they repeat their calls' tokens.
    private static let vercelOperations: [(part: String, word: String)] = [
        ("embed.doEmbed", "embeddings"), ("embedMany.doEmbed", "embeddings"),
        (".doGenerate", "chat"), (".doStream", "chat"), ("ai.generateText", "agent"),
        ("ai.streamText", "agent"), ("ai.generateObject", "agent"),
        ("ai.streamObject", "agent"), ("ai.embed", "chain"), ("ai.rerank", "rerank"),
        ("ai.toolCall", "tool"),
    ]

    /// Attributes that only one kind of span has, for dialects that name no kind.
    private static let presence: [DimensionSource] = [
        means("gen_ai.tool.name", "tool"), means("gen_ai.tool.call.id", "tool"),
        .attribute("mcp.method.name").read(.words(["tools/call": "tool"])),
        means("gen_ai.request.model", "chat").beside("gen_ai.usage.input_tokens"),
        means("gen_ai.response.model", "chat").beside("gen_ai.usage.input_tokens"),
        means("llm.model_name", "chat").beside("llm.token_count.prompt"),
        means("gen_ai.request.model", "chat").beside("gen_ai.usage.prompt_tokens"),
        means("model", "chat").beside("tokens.input"), means("tool", "tool"),
        means("db.vector.query.top_k", "retrieval"),
    ]

    private static func means(_ key: String, _ word: String) -> DimensionSource {
        .attribute(key).read(.parts([("", word)]))
    }
}
