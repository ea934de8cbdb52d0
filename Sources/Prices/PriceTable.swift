/// Token prices by model, as a price file lists them.
///
/// A wrong price is worse than none: a call whose model is not found stays unpriced, which its row says.
package struct PriceTable: Sendable {
    private let prices: [String: Price]
    /// Names by their lower-case form; nil where several names share it.
    private let folded: [String: String?]
    /// Sellers that the table knows, as it spells them.
    private let providers: Set<String>

    package init(_ prices: [String: Price]) {
        self.prices = prices
        var folded: [String: String?] = [:]
        for name in prices.keys {
            let lower = name.lowercased()
            folded[lower] = .some(folded[lower] == nil ? name : nil)
        }
        self.folded = folded
        providers = Set(prices.values.compactMap(\.provider))
    }

    package var count: Int { prices.count }

    /// The price of a call.
    ///
    /// The revision that answered goes before the model that was asked for. Each is looked up as it is, then
    /// behind the provider's prefix (`azure/gpt-4o`), then without the prefix that it has itself
    /// (`openai/gpt-4o`), each exactly and then whatever the case of its letters. A name that the table sells
    /// at another provider than the call's does not count, as long as the table knows the call's provider.
    /// Dates are never left off: revisions of one model differ in price.
    ///
    /// - Parameter provider: as the dimension `provider` spells it.
    package func price(provider: String?, revision: String?, model: String?) -> Price? {
        let seller = provider.map(Seller.init).flatMap { seller in
            providers.contains(where: seller.matches) ? seller : nil
        }
        for name in [revision, model] {
            if let name, !name.isEmpty, let price = price(of: name, seller) { return price }
        }
        return nil
    }

    private func price(of name: String, _ seller: Seller?) -> Price? {
        for candidate in [name] + (seller?.spellings(of: name) ?? []) {
            guard let price = entry(candidate) else { continue }
            if let seller, let provider = price.provider, !seller.matches(provider) { continue }
            return price
        }
        return priceWithoutPrefix(name, seller)
    }

    /// `openai/gpt-4o` is what `openai` sells as `gpt-4o`.
    private func priceWithoutPrefix(_ name: String, _ seller: Seller?) -> Price? {
        guard let slash = name.firstIndex(of: "/") else { return nil }
        let prefix = name[..<slash].lowercased()
        guard let price = entry(String(name[name.index(after: slash)...])),
            let provider = price.provider, Seller(prefix).matches(provider)
        else { return nil }
        return seller?.matches(provider) == false ? nil : price
    }

    private func entry(_ name: String) -> Price? {
        if let price = prices[name] { return price }
        return folded[name.lowercased()].flatMap { $0 }.flatMap { prices[$0] }
    }
}
