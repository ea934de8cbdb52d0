internal import Dimensions
internal import Prices
internal import Spans
internal import Store

/// Reckons what model calls of a frame cost whose spans do not say, from their tokens and a price table.
struct CostEstimator {
    /// What decides a price, by code.
    private struct Seller: Hashable {
        var provider: UInt32
        var revision: UInt32
        var model: UInt32
    }

    private let table: PriceTable
    private let provider, revision, model: ResolvedField
    private let input, output, cacheRead, cacheWrite: Numbers
    private var known: [Seller: Price?] = [:]

    init(_ table: PriceTable, _ fields: FieldResolver) throws {
        func field(_ name: String) throws -> ResolvedField {
            try fields.resolve(Field(name), forComparison: false)
        }
        self.table = table
        provider = try field("provider")
        revision = try field("model.revision")
        model = try field("model")
        input = Numbers(try field("tokens.input"))
        output = Numbers(try field("tokens.output"))
        cacheRead = Numbers(try field("tokens.cached"))
        cacheWrite = Numbers(
            try CanonicalResolver(DimensionTable.cacheWrites, fields).resolve())
    }

    /// US dollars; nil if the call's model or one of its prices is not in the table.
    mutating func cost(_ row: Int) -> Double? {
        price(row)?.cost(
            of: TokenUse(
                input: input[row], output: output[row], cacheRead: cacheRead[row] ?? 0,
                cacheWrite: cacheWrite[row] ?? 0))
    }

    /// Each combination of provider, revision and model is looked up once.
    private mutating func price(_ row: Int) -> Price? {
        let seller = Seller(
            provider: provider.codes[row], revision: revision.codes[row], model: model.codes[row])
        if let price = known[seller] { return price }
        let price = table.price(
            provider: Self.text(provider, seller.provider),
            revision: Self.text(revision, seller.revision), model: Self.text(model, seller.model))
        known[seller] = .some(price)
        return price
    }

    private static func text(_ field: ResolvedField, _ code: UInt32) -> String? {
        if case .text(let text) = field.firstValue(of: code) { text } else { nil }
    }
}
