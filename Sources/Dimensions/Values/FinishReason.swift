/// Why a model stopped: `stop`, `length`, `tool_call`, `content_filter`, `error` or `other`.
enum FinishReason {
    static func normalized(_ reason: String) -> String {
        switch reason.lowercased() {
        case "stop", "end_turn", "completed", "stop_sequence": "stop"
        case "length", "max_tokens": "length"
        case "tool_calls", "tool_call", "tool-calls", "tool_use", "function_call": "tool_call"
        case "content_filter", "content-filter", "safety", "refusal": "content_filter"
        case "error", "failed", "cancelled": "error"
        default: "other"
        }
    }
}

/// The class of an error, where a status message begins with one: `RateLimitError: slow down`.
enum ErrorClass {
    static func of(_ message: String) -> String? {
        guard let colon = message.firstIndex(of: ":") else { return nil }
        let name = message[..<colon]
        guard name.utf8.count <= 120, name.hasSuffix("Error") || name.hasSuffix("Exception"),
            name.utf8.allSatisfy({
                ($0 >= 65 && $0 <= 90) || ($0 >= 97 && $0 <= 122) || ($0 >= 48 && $0 <= 57)
                    || $0 == 46 || $0 == 95
            })
        else { return nil }
        return String(name)
    }
}
