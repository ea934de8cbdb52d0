import Foundation
import TestSupport
import Testing

@testable import Prices

/// Entries as LiteLLM's file has them.
private let entries = """
    {"sample_spec": {"input_cost_per_token": 0.0, "output_cost_per_token": 0.0, "litellm_provider": "one of"},
     "gpt-4o": {"litellm_provider": "openai", "input_cost_per_token": 2.5e-06,
        "output_cost_per_token": 1e-05, "cache_read_input_token_cost": 1.25e-06,
        "input_cost_per_token_batches": 1.25e-06, "output_cost_per_token_priority": 1.7e-05},
     "gpt-4o-2024-05-13": {"litellm_provider": "openai", "input_cost_per_token": 5e-06,
        "output_cost_per_token": 1.5e-05},
     "azure/gpt-4o": {"litellm_provider": "azure", "input_cost_per_token": 3e-06,
        "output_cost_per_token": 2e-05},
     "claude-sonnet-4-5": {"litellm_provider": "anthropic", "input_cost_per_token": 3e-06,
        "output_cost_per_token": 1.5e-05, "cache_read_input_token_cost": 3e-07,
        "cache_creation_input_token_cost": 3.75e-06, "cache_creation_input_token_cost_above_1hr": 6e-06},
     "vertex_ai/claude-sonnet-4-5": {"litellm_provider": "vertex_ai-anthropic_models",
        "input_cost_per_token": 3.3e-06, "output_cost_per_token": 1.65e-05},
     "gemini-2.5-pro": {"litellm_provider": "vertex_ai-language-models", "input_cost_per_token": 1.25e-06,
        "input_cost_per_token_above_200k_tokens": 2.5e-06, "output_cost_per_token": 1e-05,
        "output_cost_per_token_above_200k_tokens": 1.5e-05, "cache_read_input_token_cost": 1.25e-07,
        "cache_read_input_token_cost_above_200k_tokens": 2.5e-07,
        "input_cost_per_token_above_200k_tokens_batches": 1.25e-06},
     "gemini/gemini-2.5-pro": {"litellm_provider": "gemini", "input_cost_per_token": 1.3e-06,
        "output_cost_per_token": 1e-05},
     "dashscope/qwen-flash": {"litellm_provider": "dashscope", "tiered_pricing": [
        {"input_cost_per_token": 5e-08, "output_cost_per_token": 4e-07, "range": [0, 256000.0]},
        {"input_cost_per_token": 2.5e-07, "output_cost_per_token": 2e-06, "range": [256000.0, 1000000.0]}]},
     "text-embedding-3-small": {"litellm_provider": "openai", "input_cost_per_token": 2e-08},
     "together_ai/Qwen/Qwen3-Coder": {"litellm_provider": "together_ai", "input_cost_per_token": 2e-06,
        "output_cost_per_token": 2e-06},
     "ollama/llama3": {"litellm_provider": "ollama", "input_cost_per_token": 0.0,
        "output_cost_per_token": 0.0},
     "rerank-v3.5": {"litellm_provider": "cohere", "input_cost_per_query": 0.002,
        "input_cost_per_token": 0.0, "output_cost_per_token": 0.0},
     "dall-e-3": {"litellm_provider": "openai", "output_cost_per_image": 0.04},
     "text": "not an entry", "negative": {"input_cost_per_token": -1},
     "worded": {"input_cost_per_token": "cheap"}, "untiered": {"tiered_pricing": 4}}
    """

@Suite struct `A price table` {
    private func file() throws -> PriceFile { try PriceFile(Array(entries.utf8)) }

    @Test func `counts what it cannot read, and what has no price of tokens`() throws {
        let file = try file()
        #expect(file.table.count == 11)
        #expect(file.unpriced == 2)
        #expect(file.skipped == 4)
        #expect(file.table.price(provider: nil, revision: nil, model: "sample_spec") == nil)
        #expect(file.table.price(provider: nil, revision: nil, model: "rerank-v3.5") == nil)
        #expect(file.table.price(provider: nil, revision: nil, model: "dall-e-3") == nil)
    }

    @Test(
        arguments: [
            // The revision goes first, and a date is part of the name.
            (nil, "gpt-4o-2024-05-13", "gpt-4o", 5e-06),
            (nil, "gpt-4o-2031-01-01", "gpt-4o", 2.5e-06),
            (nil, nil, "gpt-4o-2031-01-01", nil), (nil, nil, "gpt-4o", 2.5e-06),
            (nil, "", "gpt-4o", 2.5e-06), (nil, nil, nil, nil), (nil, nil, "", nil),
            // The provider decides which of several sells it.
            ("openai", nil, "gpt-4o", 2.5e-06), ("azure.ai.openai", nil, "gpt-4o", 3e-06),
            ("azure.ai.openai", nil, "gpt-4o-2024-05-13", nil),
            ("gcp.vertex_ai", nil, "gemini-2.5-pro", 1.25e-06),
            ("gcp.gemini", nil, "gemini-2.5-pro", 1.3e-06),
            ("gcp.gemini", nil, "models/gemini-2.5-pro", 1.3e-06),
            ("gcp.vertex_ai", nil, "models/gemini-2.5-pro", 1.25e-06),
            ("gcp.vertex_ai", nil, "claude-sonnet-4-5", 3.3e-06),
            ("anthropic", nil, "claude-sonnet-4-5", 3e-06),
            ("anthropic", nil, "gpt-4o", nil),
            // A provider that the table does not know says nothing against a name that it does.
            ("langchain", nil, "gpt-4o", 2.5e-06), ("mygateway", "gpt-4o", nil, 2.5e-06),
            // Prefixes and letters.
            (nil, nil, "GPT-4O", 2.5e-06), (nil, nil, "openai/gpt-4o", 2.5e-06),
            ("openai", nil, "openai/gpt-4o", 2.5e-06),
            ("azure.ai.openai", nil, "openai/gpt-4o", nil),
            (nil, nil, "azure/gpt-4o", 3e-06), (nil, nil, "someone/gpt-4o", nil),
            ("together", nil, "qwen/qwen3-coder", 2e-06),
            ("together_ai", nil, "Qwen/Qwen3-Coder", 2e-06),
            (nil, nil, "Qwen/Qwen3-Coder", nil), (nil, nil, "gpt-4", nil),
            (nil, nil, "gpt-4o ", nil),
        ] as [(String?, String?, String?, Double?)])
    func `finds the price of a call, or none`(
        provider: String?, revision: String?, model: String?, input: Double?
    ) throws {
        let price = try file().table.price(provider: provider, revision: revision, model: model)
        #expect(price?.base.input == input)
    }

    private func cost(_ model: String, _ use: TokenUse) throws -> Double? {
        try file().table.price(provider: nil, revision: nil, model: model)?.cost(of: use)
    }

    private func isClose(_ a: Double?, _ b: Double?) -> Bool {
        guard let a, let b else { return a == nil && b == nil }
        return abs(a - b) <= 1e-12 * max(abs(a), abs(b))
    }

    @Test(
        arguments: [
            ("gpt-4o", 1000, 200, 0, 0, 1000 * 2.5e-06 + 200 * 1e-05),
            ("gpt-4o", 1000, 200, 600, 0, 400 * 2.5e-06 + 600 * 1.25e-06 + 200 * 1e-05),
            ("gpt-4o", 1000, 200, 1000, 0, 1000 * 1.25e-06 + 200 * 1e-05),
            ("gpt-4o", 2001, 200, 1001, 0, 1000 * 2.5e-06 + 1001 * 1.25e-06 + 200 * 1e-05),
            (
                "claude-sonnet-4-5", 100, 10, 50, 30,
                20 * 3e-06 + 50 * 3e-07 + 30 * 3.75e-06 + 10 * 1.5e-05
            ),
            (
                "claude-sonnet-4-5", 680, 10, 80, 500,
                100 * 3e-06 + 80 * 3e-07 + 500 * 3.75e-06 + 10 * 1.5e-05
            ),
            // Without a price of its own, cached input costs what input does.
            ("gpt-4o-2024-05-13", 1000, 0, 400, 100, 1000 * 5e-06),
            // A longer input changes the price of all of the call.
            ("gemini-2.5-pro", 200_000, 1, 0, 0, 200_000 * 1.25e-06 + 1e-05),
            ("gemini-2.5-pro", 200_001, 1, 0, 0, 200_001 * 2.5e-06 + 1.5e-05),
            ("gemini-2.5-pro", 200_001, 1, 200_000, 0, 2.5e-06 + 200_000 * 2.5e-07 + 1.5e-05),
            (
                "gemini-2.5-pro", 201_000, 1, 200_000, 0,
                1000 * 2.5e-06 + 200_000 * 2.5e-07 + 1.5e-05
            ),
            ("dashscope/qwen-flash", 256_000, 10, 0, 0, 256_000 * 5e-08 + 10 * 4e-07),
            ("dashscope/qwen-flash", 256_001, 10, 0, 0, 256_001 * 2.5e-07 + 10 * 2e-06),
            ("dashscope/qwen-flash", 2_000_000, 10, 0, 0, 2_000_000 * 2.5e-07 + 10 * 2e-06),
            ("text-embedding-3-small", 500, nil, 0, 0, 500 * 2e-08),
            ("text-embedding-3-small", 500, 0, 0, 0, 500 * 2e-08),
            // Tokens without a price, and calls without tokens.
            ("text-embedding-3-small", 500, 1, 0, 0, nil), ("gpt-4o", nil, nil, 0, 0, nil),
            ("gpt-4o", nil, nil, 5, 0, nil), ("gpt-4o", nil, 7, 0, 0, 7 * 1e-05),
            ("gpt-4o", 0, 0, 0, 0, 0), ("ollama/llama3", 500, 500, 0, 0, 0),
        ] as [(String, Double?, Double?, Double, Double, Double?)])
    func `prices a call`(
        model: String, input: Double?, output: Double?, read: Double, write: Double,
        expected: Double?
    ) throws {
        let use = TokenUse(input: input, output: output, cacheRead: read, cacheWrite: write)
        let cost = try cost(model, use)
        #expect(isClose(cost, expected), "\(String(describing: cost))")
    }

    @Test(
        arguments: [
            ("", "this is no price table"), ("[]", "expected {"), ("{\"a\":", "no price table"),
            ("{\"a\":{}} x", "expected the end"), ("{}", "no model"), ("{\"a\":{}}", "no model"),
            ("{\"a\":{\"input_cost_per_token\":}}", "expected a value"),
        ])
    func `is refused where the file is malformed`(text: String, says: String) {
        let error = #expect(throws: PriceFileError.self) { try PriceFile(Array(text.utf8)) }
        #expect(error?.description.contains(says) == true, "\(String(describing: error))")
    }

    @Test func `names the file that is not there`() {
        let error = #expect(throws: PriceFileError.self) { try PriceFile(path: "/nowhere/prices") }
        #expect(error?.description.contains("/nowhere/prices") == true)
    }

    /// Foundation's reader goes through decimals, so that 1.6000000000000001e-06 loses its last bit.
    private func isSame(_ a: Double?, _ b: Double?) -> Bool {
        guard let a, let b else { return a == nil && b == nil }
        return abs(a - b) <= abs(b) * 1e-15
    }

    /// Every model of the file that everybody uses, its numbers read by another JSON reader.
    @Test(.enabled(if: SharedData.isThere)) func `has every model of the real file`() throws {
        let bytes = try SharedData.bytes(
            "model-prices/model_prices_and_context_window_backup.json")
        let file = try PriceFile(bytes)
        #expect(file.skipped == 0)
        let models = try #require(
            try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: [String: Any]])
        var found = 0
        for (name, entry) in models where name != "sample_spec" {
            let input = entry["input_cost_per_token"] as? Double
            let output = entry["output_cost_per_token"] as? Double
            guard (input ?? 0) > 0 || (output ?? 0) > 0 else { continue }
            found += 1
            let price = file.table.price(provider: nil, revision: nil, model: name)
            let cacheRead = entry["cache_read_input_token_cost"] as? Double
            if entry["tiered_pricing"] == nil {
                #expect(isSame(price?.base.input, input), "\(name)")
                #expect(isSame(price?.base.output, output), "\(name)")
                #expect(isSame(price?.base.cacheRead, cacheRead), "\(name)")
            }
            let provider = entry["litellm_provider"] as? String
            #expect(
                file.table.price(provider: provider, revision: name, model: nil) == price,
                "\(name) of \(provider ?? "")")
        }
        #expect(found > 3500)
    }
}
