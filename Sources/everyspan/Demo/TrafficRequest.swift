import JSON
import Spans

/// One request to the demonstration's shop, as the spans that its services emit: the gateway, the agent
/// behind it, what the agent retrieves, its model calls and its tools.
struct TrafficRequest {
    /// The prompt version that breaks, and how that looks.
    enum Broken {
        static let version = "v14"
        static let type = "invalid_tool_arguments"

        /// What it writes where cents belong.
        static func amount(_ cents: Int) -> String { "\(cents / 100),\(cents % 100) EUR" }
        static let message = "issue_refund: amount must be a number of cents"
    }

    /// A prompt and one of its versions.
    struct Choice {
        let prompt: TrafficWords.Prompt
        let version: String
        /// Whether it fails as the broken version does.
        let isBroken: Bool
    }

    private enum Fault {
        case none
        case model(isLastCall: Bool, type: String, message: String)
        case tool(Int, type: String, message: String)
    }

    private let number: Int
    private let choice: Choice
    private let traceID: String
    private let order: Int
    private let question: String
    private let answer: String
    private var random: SeededNumbers
    private var spans: [[UInt8]] = []
    /// Unix nanoseconds, of what happens next.
    private var clock: UInt64

    /// - Parameter start: Unix nanoseconds.
    init(_ number: Int, _ choice: Choice, start: UInt64, random: SeededNumbers) {
        self.number = number
        self.choice = choice
        self.random = random
        clock = start
        var ids = random
        let (high, low) = (ids.next() | 1, ids.next())
        order = 40_000 + number
        question = ids.pick(choice.prompt.questions).replacing("#", with: String(order))
        answer = ids.pick(choice.prompt.answers).replacing("#", with: String(order))
        traceID = Hex.text(spanID: high) + Hex.text(spanID: low)
    }

    /// - Returns: a line of native JSON for each span, and when the last of them ends.
    mutating func lines() -> (spans: [[UInt8]], end: UInt64) {
        let start = clock
        let tools = tools()
        let fault = fault(tools)
        let tenants = TrafficWords.tenants
        // A few tenants send much, most send little.
        let tenant = Int(random.skewed(0...Double(tenants.count - 1)))
        let locale = random.pick(TrafficWords.locales)
        advance(milliseconds: random.skewed(2...20))
        agent(tools, fault)
        advance(milliseconds: random.skewed(1...5))
        let span = span(
            1, parent: nil, "POST /chat", service: "gateway", from: start, hasFailed(fault)
        ) {
            json in
            json.member("kind", "SERVER")
            json.member("tenant", tenants[tenant])
            json.member("user", "u-\(tenant)-\(number % 61)")
            json.member("locale", locale)
            json.member("conversation", "c-\(number / 3)")
            json.member("environment", "production")
            json.member("release", "2.31.0")
        }
        spans.append(span)
        return (spans, clock)
    }

    /// The tools that the request takes: all of its prompt's, or a question needs fewer, or none.
    ///
    /// Were it always all of them, whatever fails on the way would leave a trace of a length that no other has, and that would explain
    /// more than the broken version in its first hours.
    private mutating func tools() -> ArraySlice<String> {
        let all = choice.prompt.tools
        let needsAll = choice.version == Broken.version || random.happens(0.65)
        return all.prefix(needsAll ? all.count : Int.random(in: 0..<all.count, using: &random))
    }

    private mutating func fault(_ tools: ArraySlice<String>) -> Fault {
        if choice.isBroken {
            return .tool(tools.count - 1, type: Broken.type, message: Broken.message)
        }
        guard random.happens(0.02) else { return .none }
        let mishap = random.pick(TrafficWords.mishaps)
        if mishap.isOfModel || tools.isEmpty {
            return .model(
                isLastCall: random.happens(0.5), type: mishap.type, message: mishap.message)
        }
        return .tool(
            Int.random(in: tools.indices, using: &random), type: mishap.type,
            message: mishap.message)
    }

    private func hasFailed(_ fault: Fault) -> (type: String?, message: String)? {
        switch fault {
        case .none: nil
        case .model(_, let type, _), .tool(_, let type, _):
            (type, "the request could not be fulfilled")
        }
    }

    // MARK: Spans

    private mutating func agent(_ tools: ArraySlice<String>, _ fault: Fault) {
        let start = clock
        if choice.prompt.reads { retrieval() }
        let model = random.pick(TrafficWords.models)
        var modelFailure: (String?, String)?
        if case .model(_, let type, let message) = fault { modelFailure = (type, message) }
        if case .model(isLastCall: false, _, _) = fault {
            modelCall(10, model, modelFailure, answer: nil)
        } else if tools.isEmpty {
            modelCall(10, model, modelFailure, answer: answer)
        } else {
            modelCall(10, model, nil, answer: nil)
            var failure: (String?, String)?
            for (index, tool) in tools.enumerated() where failure == nil {
                if case .tool(index, let type, let message) = fault { failure = (type, message) }
                toolCall(20 + index, tool, failure)
            }
            modelCall(11, model, modelFailure, answer: failure == nil ? answer : Self.apology)
        }
        let span = span(
            2, parent: 1, "invoke_agent shop", service: "assistant", from: start, hasFailed(fault)
        ) { json in
            json.member("operation", "invoke_agent")
            json.member("agent", "shop")
        }
        spans.append(span)
    }

    private mutating func retrieval() {
        let start = clock
        advance(milliseconds: random.skewed(15...150))
        let documents = (0..<Int.random(in: 1...3, using: &random)).map { _ in
            "kb-\(1000 + Int(random.skewed(0...419)))"
        }
        let span = span(3, parent: 2, "retrieve", service: "search", from: start, nil) { json in
            json.member("operation.kind", "retrieval")
            json.key("document")
            json.array { json in
                for document in documents { json.value(document) }
            }
        }
        spans.append(span)
    }

    private mutating func modelCall(
        _ id: Int, _ model: TrafficWords.Model, _ failure: (String?, String)?, answer: String?
    ) {
        let start = clock
        let firstToken = random.skewed(180...900)
        let input = Int(random.skewed(350...2600))
        let output = failure == nil ? Int(random.skewed(20...400)) : 0
        advance(milliseconds: firstToken + Double(output) * 9)
        let cost = Double(input) * model.inputPrice + Double(output) * model.outputPrice
        let span = span(
            id, parent: 2, "chat \(model.name)", service: "assistant", from: start, failure
        ) { json in
            json.member("kind", "CLIENT")
            json.member("operation", "chat")
            json.member("provider", model.provider)
            json.member("model", model.name)
            json.member("prompt.name", choice.prompt.name)
            json.member("prompt.version", choice.version)
            json.member("prompt.text", question)
            if failure != nil { return }
            json.member("model.revision", model.revision)
            if let answer { json.member("output.text", answer) }
            json.member("finish_reason", answer == nil ? "tool_calls" : "stop")
            json.member("ttft", firstToken)
            json.member("tokens.input", input)
            json.member("tokens.output", output)
            // As exact as prices are.
            json.member("cost", (cost * 10).rounded() / 1e7)
        }
        spans.append(span)
    }

    private mutating func toolCall(_ id: Int, _ tool: String, _ failure: (String?, String)?) {
        let start = clock
        advance(milliseconds: random.skewed(20...350))
        let arguments = arguments(tool, isBroken: failure?.0 == Broken.type)
        let span = span(
            id, parent: 2, "execute_tool \(tool)", service: "tools", from: start, failure
        ) { json in
            json.member("operation", "execute_tool")
            json.member("tool", tool)
            json.member("gen_ai.tool.call.arguments", arguments)
        }
        spans.append(span)
    }

    private func arguments(_ tool: String, isBroken: Bool) -> String {
        var json = JSONWriter()
        json.object { json in
            json.member("order", order)
            if tool != choice.prompt.tools.last || choice.prompt.name != TrafficWords.refund.name {
                return
            }
            let cents = 1000 + order * 37 % 9000
            if isBroken {
                json.member("amount", Broken.amount(cents))
            } else {
                json.member("amount", cents)
            }
        }
        return String(decoding: json.bytes, as: UTF8.self)
    }

    private static let apology = "Something went wrong here. A colleague looks into it."

    // MARK: Writing

    private mutating func advance(milliseconds: Double) { clock += UInt64(milliseconds * 1e6) }

    /// A span that ends now.
    private func span(
        _ id: Int, parent: Int?, _ name: String, service: String, from start: UInt64,
        _ failure: (type: String?, message: String)?, _ attributes: (inout JSONWriter) -> Void
    ) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("trace_id", traceID)
            json.member("span_id", Hex.text(spanID: UInt64(number << 8 + id)))
            if let parent {
                json.member("parent_span_id", Hex.text(spanID: UInt64(number << 8 + parent)))
            }
            json.member("name", name)
            json.member("service", service)
            json.member("start_time_unix_nano", String(start))
            json.member("end_time_unix_nano", String(clock))
            json.member("status", failure == nil ? "OK" : "ERROR")
            if let failure {
                json.member("status_message", failure.message)
                if let type = failure.type { json.member("error.type", type) }
            }
            attributes(&json)
        }
        json.newline()
        return json.bytes
    }
}
