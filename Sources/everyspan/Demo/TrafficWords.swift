/// What the demonstration's shop talks about: its prompts, models, tenants and words.
enum TrafficWords {
    struct Prompt: Sendable {
        let name: String
        let tools: [String]
        let reads: Bool
        let questions: [String]
        let answers: [String]
    }

    struct Model: Sendable {
        let name: String
        let revision: String
        let provider: String
        /// Dollars for a million tokens.
        let inputPrice: Double
        let outputPrice: Double
    }

    static let prompts: [(value: Prompt, weight: Int)] = [
        (refund, 20),
        (
            Prompt(
                name: "order-status", tools: ["lookup_order", "track_parcel"], reads: false,
                questions: [
                    "Where is order #?", "Order # should have come yesterday. Is it lost?",
                    "When will # arrive? I need it by Friday.",
                ],
                answers: [
                    "Order # left our warehouse and arrives tomorrow before noon.",
                    "Order # is with the carrier; it was last seen in the regional hub.",
                ]), 30
        ),
        (
            Prompt(
                name: "product-search", tools: ["search_catalog", "check_stock"], reads: true,
                questions: [
                    "I look for a desk lamp below 40.", "Do you have # in size 42?",
                    "Which of your kettles is the quietest?",
                ],
                answers: [
                    "Three products match; article # is in stock and ships today.",
                    "Article # fits what you describe.",
                ]), 22
        ),
        (
            Prompt(
                name: "complaint-triage", tools: ["lookup_order", "open_ticket"], reads: true,
                questions: [
                    "The box of order # was open and a part is missing.",
                    "Nobody answers me about #. This is the third time.",
                ],
                answers: ["I am sorry. I opened ticket # and a colleague calls you today."]), 13
        ),
        (
            Prompt(
                name: "returns-policy", tools: ["search_policies"], reads: true,
                questions: [
                    "How long may I keep # before I send it back?",
                    "Do I pay for sending back #?",
                ],
                answers: ["You have 30 days, and sending it back is free."]), 15
        ),
    ]

    static let refund = Prompt(
        name: "refund-core", tools: ["lookup_order", "check_policy", "issue_refund"], reads: false,
        questions: [
            "Order # came broken. May I have my money back?",
            "I sent order # back two weeks ago and see no refund.",
            "You charged me twice for #.",
        ],
        answers: ["I have refunded order #; the money is with you in three days."])

    static let models: [(value: Model, weight: Int)] = [
        (
            Model(
                name: "gpt-4.1", revision: "gpt-4.1-2025-04-14", provider: "openai", inputPrice: 2,
                outputPrice: 8), 5
        ),
        (
            Model(
                name: "claude-sonnet-4", revision: "claude-sonnet-4-20250514",
                provider: "anthropic", inputPrice: 3, outputPrice: 15), 3
        ),
        (
            Model(
                name: "gpt-4.1-mini", revision: "gpt-4.1-mini-2025-04-14", provider: "openai",
                inputPrice: 0.4, outputPrice: 1.6), 2
        ),
    ]

    static let locales: [(value: String, weight: Int)] = [
        ("en-US", 45), ("de-DE", 15), ("en-GB", 12), ("fr-FR", 10), ("es-ES", 8), ("ja-JP", 5),
        ("pt-BR", 5),
    ]

    /// 400 of them; the first sends an eighth of everything.
    static let tenants: [String] = {
        let first = [
            "amber", "blue", "bright", "calm", "cedar", "copper", "early", "east", "fern", "gold",
            "green", "high", "iron", "light", "north", "oak", "quiet", "red", "silver", "west",
        ]
        let second = [
            "bay", "bridge", "brook", "dale", "field", "ford", "gate", "grove", "harbor", "hill",
            "lake", "market", "mill", "moor", "peak", "point", "ridge", "river", "stone", "wood",
        ]
        return first.flatMap { first in second.map { first + "-" + $0 } }
    }()

    /// What goes wrong now and then in any system: where, what type, and what it says.
    static let mishaps: [(value: (isOfModel: Bool, type: String, message: String), weight: Int)] = [
        ((true, "timeout", "no answer from the provider within 20 s"), 4),
        ((true, "rate_limit_exceeded", "429 from the provider"), 3),
        ((false, "upstream_unavailable", "503 from the service behind it"), 3),
    ]
}
