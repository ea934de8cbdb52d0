import Store
import Testing

@testable import Dimensions

@Suite struct `Values of dimensions` {
    private func read(_ dimension: String, _ key: String, _ value: GroupValue) -> [GroupValue] {
        guard let dimension = DimensionTable.standard[dimension] else { return [] }
        for source in dimension.sources where source.origin == .attribute(key) {
            let values = dimension.read(value, of: source)
            if !values.isEmpty { return values }
        }
        return []
    }

    @Test(
        arguments: [
            ("prompt.version", "gen_ai.prompt.version", .integer(3), ["3"]),
            ("provider", "gen_ai.system", .text("az.ai.openai"), ["azure.ai.openai"]),
            ("provider", "gen_ai.provider.name", .text("openai.responses"), ["openai"]),
            ("provider", "gen_ai.system", .text("langchain"), ["langchain"]),
            ("provider", "server.address", .text("api.openai.com"), ["openai"]),
            ("provider", "gen_ai.provider.name", .text("MyOwn"), ["myown"]),
            ("finish_reason", "gen_ai.response.finish_reasons", .text("[\"end_turn\"]"), ["stop"]),
            ("finish_reason", "ai.response.finishReason", .text("tool-calls"), ["tool_call"]),
            ("operation.kind", "mlflow.spanType", .text("\"LLM\""), ["chat"]),
            ("operation.kind", "openinference.span.kind", .text("RETRIEVER"), ["retrieval"]),
            ("operation.kind", "openinference.span.kind", .text("UNKNOWN"), []),
            ("operation.kind", "ai.operationId", .text("ai.streamText.doStream"), ["chat"]),
            ("operation.kind", "ai.operationId", .text("ai.streamText myFunction"), ["agent"]),
            ("operation.kind", "ai.operationId", .text("ai.embedMany.doEmbed"), ["embeddings"]),
            ("locale", "user.locale", .text("en_US"), ["en-US"]),
            ("tenant", "metadata", .text("{\"tenant_id\":\"acme\"}"), ["acme"]),
            ("tenant", "metadata", .text("{\"tenant_id\":null}"), []),
            ("tenant", "tenant.id", .text("[Scrubbed due to 'auth']"), []),
            ("user", "user.id", .text("None"), []), ("user", "user.id", .text(""), []),
            (
                "prompt.name", "mlflow.linkedPrompts", .text("[{\"name\":\"a\"},{\"name\":\"b\"}]"),
                ["a", "b"]
            ),
            (
                "document", "gen_ai.retrieval.documents",
                .json("[{\"id\":7,\"score\":0.5},{\"id\":\"x\"}]"), ["7", "x"]
            ),
        ] as [(String, String, GroupValue, [String])])
    func `are read as the dialects write them`(
        dimension: String, key: String, value: GroupValue, expected: [String]
    ) {
        #expect(read(dimension, key, value) == expected.map { .text($0) })
    }

    @Test(
        arguments: [
            ("tokens.input", "gen_ai.usage.input_tokens", .text("12"), [.integer(12)]),
            ("tokens.input", "gen_ai.usage.input_tokens", .integer(-1), []),
            ("tokens.input", "gen_ai.usage.input_tokens", .integer(0), [.integer(0)]),
            ("tokens.input", "gen_ai.usage.input_tokens", .integer(1 << 40), []),
            (
                "tokens.input", "langfuse.observation.usage_details",
                .text("{\"input\":3,\"input_cached\":4,\"output\":9}"), [.integer(7)]
            ),
            ("cost", "cost_usd_micros", .integer(1500), [.double(0.0015)]),
            ("cost", "mlflow.llm.cost", .text("{\"total_cost\":0.5}"), [.double(0.5)]),
            ("ttft", "gen_ai.response.time_to_first_chunk", .double(0.25), [.integer(250)]),
            (
                "temperature", "llm.invocation_parameters", .text("{\"temperature\":0.2}"),
                [.double(0.2)]
            ),
            ("stream", "llm.is_streaming", .text("True"), [.boolean(true)]),
        ] as [(String, String, GroupValue, [GroupValue])])
    func `are numbers and truth values where the dimension is`(
        dimension: String, key: String, value: GroupValue, expected: [GroupValue]
    ) {
        #expect(read(dimension, key, value) == expected)
    }

    @Test func `have one name each`() {
        let names = DimensionTable.standard.names
        #expect(Set(names).count == names.count)
        #expect(DimensionTable.standard["session"]?.name == "conversation")
    }
}
