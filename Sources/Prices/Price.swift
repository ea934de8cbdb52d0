/// What a model's tokens cost, in US dollars.
package struct Price: Sendable, Equatable {
    /// Dollars a token; nil where the table does not say.
    package struct Rates: Sendable, Equatable {
        package var input: Double?
        package var output: Double?
        /// Of input that was read from a cache; where nil, it costs as other input does.
        package var cacheRead: Double?
        /// Of input that was written to a cache; where nil, it costs as other input does.
        package var cacheWrite: Double?

        package init(
            input: Double? = nil, output: Double? = nil, cacheRead: Double? = nil,
            cacheWrite: Double? = nil
        ) {
            self.input = input
            self.output = output
            self.cacheRead = cacheRead
            self.cacheWrite = cacheWrite
        }

        /// These where they are known, others elsewhere.
        func completed(by other: Rates) -> Rates {
            Rates(
                input: input ?? other.input, output: output ?? other.output,
                cacheRead: cacheRead ?? other.cacheRead, cacheWrite: cacheWrite ?? other.cacheWrite
            )
        }

        var all: [Double] { [input, output, cacheRead, cacheWrite].compactMap { $0 } }
    }

    /// Rates of calls whose whole input is longer than so many tokens. They hold for all of the call, not
    /// only for what goes beyond.
    package struct Tier: Sendable, Equatable {
        package var above: Double
        package var rates: Rates
    }

    /// As the table calls who sells the model; nil if it does not say.
    package var provider: String?
    package var base: Rates
    /// The longest input last.
    package var tiers: [Tier]

    package init(provider: String? = nil, base: Rates, tiers: [Tier] = []) {
        self.provider = provider
        self.base = base
        self.tiers = tiers.sorted { $0.above < $1.above }
    }

    /// What a call cost; nil if the price of some of its tokens is not known, or nothing is known of its
    /// tokens.
    package func cost(of use: TokenUse) -> Double? {
        guard use.input != nil || use.output != nil else { return nil }
        let rates = rates(forInput: use.wholeInput)
        var sum = 0.0
        for (tokens, rate) in [
            (use.uncached, rates.input), (use.cacheRead, rates.cacheRead ?? rates.input),
            (use.cacheWrite, rates.cacheWrite ?? rates.input), (use.output ?? 0, rates.output),
        ] where tokens > 0 {
            guard let rate else { return nil }
            sum += tokens * rate
        }
        return sum
    }

    private func rates(forInput tokens: Double) -> Rates {
        tiers.last { tokens > $0.above }?.rates.completed(by: base) ?? base
    }
}

/// The tokens of a call, as its span says.
package struct TokenUse: Sendable {
    /// All input, what came from and went to a cache too; nil where the span does not say. It counts as 0
    /// beside one that is known, as it does in sums of tokens.
    package var input: Double?
    package var output: Double?
    package var cacheRead: Double
    package var cacheWrite: Double

    package init(
        input: Double?, output: Double?, cacheRead: Double = 0, cacheWrite: Double = 0
    ) {
        self.input = input
        self.output = output
        self.cacheRead = cacheRead
        self.cacheWrite = cacheWrite
    }

    /// Input that no cache was involved in.
    var uncached: Double { max(0, (input ?? 0) - cacheRead - cacheWrite) }

    var wholeInput: Double { uncached + cacheRead + cacheWrite }
}
