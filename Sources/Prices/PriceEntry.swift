internal import JSON

/// One model of a price file, while it is read.
struct PriceEntry {
    private var provider: String?
    private var base = Price.Rates()
    /// By the length of input, in tokens, above which they hold.
    private var tiers: [Double: Price.Rates] = [:]
    /// It is paid by something else than tokens of text.
    private var hasOtherPrice = false
    private(set) var isUnreadable = false

    /// nil if the tokens of text have no price.
    ///
    /// Models that are paid by query or image have prices of 0 for tokens, which are none; where nothing at
    /// all is charged, 0 is the price.
    var price: Price? {
        let price = Price(
            provider: provider, base: base, tiers: tiers.map { .init(above: $0, rates: $1) })
        let rates = price.base.all + price.tiers.flatMap(\.rates.all)
        if rates.isEmpty || (hasOtherPrice && rates.allSatisfy { $0 == 0 }) { return nil }
        return price
    }

    /// Reads the object at the cursor.
    ///
    /// - Throws: only if it is no JSON.
    mutating func read(_ cursor: inout JSONCursor) throws(JSONError) {
        var isFirst = true
        try cursor.enterObject()
        while let key = try cursor.nextKey(&isFirst) {
            let name = key.decodedString
            if name == "litellm_provider" {
                provider = try text(&cursor)
            } else if name == "tiered_pricing" {
                try readTiers(&cursor)
            } else if let (rate, above) = Self.rate(name) {
                guard let number = try number(&cursor) else { continue }
                if let above {
                    tiers[above, default: .init()][keyPath: rate] = number
                } else {
                    base[keyPath: rate] = number
                }
            } else if name.contains("cost"), try cursor.kind() == .number {
                if try cursor.number().double > 0 { hasOtherPrice = true }
            } else {
                try cursor.skip()
            }
        }
    }

    private typealias Rate = WritableKeyPath<Price.Rates, Double?>

    /// Which rate a member gives, and above how many tokens; nil for other members.
    private static func rate(_ name: String) -> (Rate, Double?)? {
        for (prefix, rate) in [
            ("input_cost_per_token", \Price.Rates.input),
            ("output_cost_per_token", \.output),
            ("cache_read_input_token_cost", \.cacheRead),
            ("cache_creation_input_token_cost", \.cacheWrite),
        ] as [(String, Rate)] where name.hasPrefix(prefix) {
            let rest = name.dropFirst(prefix.count)
            if rest.isEmpty { return (rate, nil) }
            // Not above_1hr, which is how long a cache is kept, nor the prices of batches.
            guard rest.hasPrefix("_above_"), rest.hasSuffix("k_tokens") else { return nil }
            return Double(rest.dropFirst(7).dropLast(8)).map { (rate, $0 * 1000) }
        }
        return nil
    }

    private mutating func readTiers(_ cursor: inout JSONCursor) throws(JSONError) {
        guard try cursor.kind() == .array else { return try skipWrong(&cursor) }
        var isFirst = true
        try cursor.enterArray()
        while try cursor.nextElement(&isFirst) {
            guard try cursor.kind() == .object else {
                try skipWrong(&cursor)
                continue
            }
            try readTier(&cursor)
        }
    }

    private mutating func readTier(_ cursor: inout JSONCursor) throws(JSONError) {
        var rates = Price.Rates()
        var from: Double?
        var isFirst = true
        try cursor.enterObject()
        while let key = try cursor.nextKey(&isFirst) {
            let name = key.decodedString
            if name == "range" {
                from = try firstNumber(&cursor)
            } else if case (let rate, nil)? = Self.rate(name) {
                if let number = try number(&cursor) { rates[keyPath: rate] = number }
            } else {
                try cursor.skip()
            }
        }
        // Steps by something else than tokens, as search engines have, say nothing here.
        guard !rates.all.isEmpty else { return }
        guard let from else {
            isUnreadable = true
            return
        }
        if from == 0 { base = rates.completed(by: base) } else { tiers[from] = rates }
    }

    private mutating func firstNumber(_ cursor: inout JSONCursor) throws(JSONError) -> Double? {
        guard try cursor.kind() == .array else {
            try skipWrong(&cursor)
            return nil
        }
        var first: Double?
        var isFirst = true
        try cursor.enterArray()
        while try cursor.nextElement(&isFirst) {
            let number = try number(&cursor)
            if first == nil { first = number }
        }
        return first
    }

    /// A price; nil where there is none. What is no number from 0 on makes the entry unreadable.
    private mutating func number(_ cursor: inout JSONCursor) throws(JSONError) -> Double? {
        switch try cursor.kind() {
        case .null: try cursor.null()
        case .number:
            let value = try cursor.number().double
            if value >= 0, value.isFinite { return value }
            isUnreadable = true
        default: try skipWrong(&cursor)
        }
        return nil
    }

    private mutating func text(_ cursor: inout JSONCursor) throws(JSONError) -> String? {
        if try cursor.kind() == .string { return try cursor.string().decodedString }
        try cursor.skip()
        return nil
    }

    private mutating func skipWrong(_ cursor: inout JSONCursor) throws(JSONError) {
        try cursor.skip()
        isUnreadable = true
    }
}
