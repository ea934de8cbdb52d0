/// Names of model providers, as the OpenTelemetry GenAI conventions spell them.
enum Provider {
    /// Frameworks that name themselves where the provider belongs.
    static let frameworks: Set<String> = [
        "langchain", "crewai", "microsoft.agent_framework", "gcp.vertex.agent",
    ]

    /// Unknown names stay as they are, in lower case.
    static func normalized(_ name: String) -> String {
        let name = name.lowercased().trimming
        if let known = names[name] { return known }
        for (prefix, known) in prefixes where name.hasPrefix(prefix) {
            let rest = name.utf8.dropFirst(prefix.utf8.count).first
            if rest == nil
                || [UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_")].contains(rest)
            {
                return known
            }
        }
        return name
    }

    /// The provider behind a host name.
    static func ofHost(_ host: String) -> String? {
        let host = host.lowercased()
        return hosts.first { host == $0.suffix || host.hasSuffix("." + $0.suffix) }?.provider
    }

    private static let names: [String: String] = [
        "azure": "azure.ai.openai", "az.ai.openai": "azure.ai.openai",
        "azure.ai.openai": "azure.ai.openai", "azure-openai": "azure.ai.openai",
        "azure_openai": "azure.ai.openai", "az.ai.inference": "azure.ai.inference",
        "azure.ai.inference": "azure.ai.inference", "aws": "aws.bedrock",
        "aws_bedrock": "aws.bedrock", "bedrock": "aws.bedrock", "amazon-bedrock": "aws.bedrock",
        "aws.bedrock": "aws.bedrock", "vertex_ai": "gcp.vertex_ai", "vertexai": "gcp.vertex_ai",
        "google-vertex": "gcp.vertex_ai", "gcp.vertex_ai": "gcp.vertex_ai",
        "gemini": "gcp.gemini", "google.generative-ai": "gcp.gemini", "google_genai": "gcp.gemini",
        "google": "gcp.gemini", "gcp.gemini": "gcp.gemini", "gcp.gen_ai": "gcp.gen_ai",
        "mistralai": "mistral_ai", "mistral": "mistral_ai", "mistral_ai": "mistral_ai",
        "xai": "x_ai", "x_ai": "x_ai", "watsonx": "ibm.watsonx.ai",
        "ibm.watsonx.ai": "ibm.watsonx.ai", "huggingface": "hugging_face",
        "hugging-face": "hugging_face",
    ]

    /// With `.`, `-`, `_` or nothing behind. Longer ones first.
    private static let prefixes: [(String, String)] = [
        ("google.vertex", "gcp.vertex_ai"), ("google-vertex", "gcp.vertex_ai"),
        ("azure.ai.inference", "azure.ai.inference"), ("azure.ai.openai", "azure.ai.openai"),
        ("azure-openai", "azure.ai.openai"), ("azure_openai", "azure.ai.openai"),
        ("openai", "openai"), ("anthropic", "anthropic"), ("amazon-bedrock", "aws.bedrock"),
        ("vertexai", "gcp.vertex_ai"), ("mistral", "mistral_ai"), ("xai", "x_ai"),
        ("watsonx", "ibm.watsonx.ai"), ("gemini", "gcp.gemini"), ("cohere", "cohere"),
        ("deepseek", "deepseek"), ("groq", "groq"), ("perplexity", "perplexity"),
        ("together_ai", "together_ai"), ("together", "together"),
        ("fireworks_ai", "fireworks_ai"), ("fireworks", "fireworks"), ("ollama", "ollama"),
        ("openrouter", "openrouter"), ("hugging_face", "hugging_face"),
        ("replicate", "replicate"), ("moonshot_ai", "moonshot_ai"), ("moonshot", "moonshot"),
    ]

    private static let hosts: [(suffix: String, provider: String)] = [
        ("openai.azure.com", "azure.ai.openai"), ("services.ai.azure.com", "azure.ai.inference"),
        ("openai.com", "openai"), ("anthropic.com", "anthropic"), ("mistral.ai", "mistral_ai"),
        ("generativelanguage.googleapis.com", "gcp.gemini"),
        ("aiplatform.googleapis.com", "gcp.vertex_ai"), ("x.ai", "x_ai"), ("cohere.com", "cohere"),
        ("cohere.ai", "cohere"), ("deepseek.com", "deepseek"), ("groq.com", "groq"),
        ("perplexity.ai", "perplexity"), ("openrouter.ai", "openrouter"),
    ]
}

extension String {
    /// Without spaces around it.
    fileprivate var trimming: String {
        let kept = drop { $0 == " " }
        return String(kept.reversed().drop { $0 == " " }.reversed())
    }
}
