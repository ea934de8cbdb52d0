/// A provider in the spellings of price files, which name sellers otherwise than the OpenTelemetry GenAI
/// conventions do.
struct Seller: Sendable {
    /// What the file calls it; a family such as `vertex_ai-anthropic_models` begins with the name and a dash.
    private let names: [String]
    /// What stands before a model's name, in order of precedence.
    private let prefixes: [String]
    private let stripsModels: Bool

    /// - Parameter provider: as the dimension `provider` spells it.
    init(_ provider: String) {
        let known = Self.known[provider]
        names = known ?? [provider, String(provider.map { ".-".contains($0) ? "_" : $0 })]
        prefixes = names.map { $0 + "/" }
        stripsModels = provider.hasPrefix("gcp.")
    }

    func matches(_ provider: String) -> Bool {
        names.contains { provider == $0 || provider.hasPrefix($0 + "-") }
    }

    /// A model's name as the file may spell it for this seller.
    func spellings(of name: String) -> [String] {
        // Google's interfaces call a model models/NAME.
        let bare = stripsModels && name.hasPrefix("models/") ? String(name.dropFirst(7)) : name
        return prefixes.map { $0 + bare } + (bare == name ? [] : [bare])
    }

    private static let known: [String: [String]] = [
        "openai": ["openai", "text-completion-openai"],
        "azure.ai.openai": ["azure", "azure_text"],
        "azure.ai.inference": ["azure_ai"],
        "aws.bedrock": ["bedrock", "bedrock_converse", "bedrock_mantle"],
        "gcp.vertex_ai": ["vertex_ai"],
        "gcp.gemini": ["gemini"],
        "gcp.gen_ai": ["gemini", "vertex_ai"],
        "mistral_ai": ["mistral", "codestral", "text-completion-codestral"],
        "x_ai": ["xai"],
        "cohere": ["cohere", "cohere_chat"],
        "ibm.watsonx.ai": ["watsonx"],
        "together": ["together_ai"],
        "fireworks": ["fireworks_ai"],
        "moonshot_ai": ["moonshot"],
        "hugging_face": ["huggingface"],
    ]
}
