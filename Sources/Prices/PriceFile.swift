internal import Foundation
internal import JSON

/// A price table as a file: LiteLLM's `model_prices_and_context_window.json`, or one that is made like it.
///
/// An object with a member for each model. Of a model these are read, in dollars a token: `input_cost_per_token`,
/// `output_cost_per_token`, `cache_read_input_token_cost`, `cache_creation_input_token_cost`, each also with
/// `_above_200k_tokens` or the like behind it for longer inputs; `tiered_pricing`, a list of the same with the
/// `range` of input tokens for which they hold; and `litellm_provider`. Prices of batches, priority and of
/// whatever is not a token of text are left out.
package struct PriceFile: Sendable {
    package private(set) var table = PriceTable([:])
    /// Entries without a price of tokens: models that are paid by image, second or query.
    package private(set) var unpriced = 0
    /// Entries that cannot be read.
    package private(set) var skipped = 0

    /// The file that everybody uses has 3 MB.
    package static let bytesMax = 64 << 20

    /// - Throws: `PriceFileError` if the file cannot be read, is not such a table, or prices no model.
    package init(path: String) throws {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw PriceFileError("cannot read \(path): \(error.localizedDescription)")
        }
        do {
            try self.init(Array(data))
        } catch let error as PriceFileError {
            throw PriceFileError("\(path): \(error.description)")
        }
    }

    package init(_ bytes: [UInt8]) throws {
        guard bytes.count <= Self.bytesMax else {
            throw PriceFileError("a price table has \(Self.bytesMax) bytes at most")
        }
        var prices: [String: Price] = [:]
        do {
            try bytes.withUnsafeBytes { bytes in
                var cursor = JSONCursor(bytes)
                try read(&cursor, &prices)
                if !cursor.isAtEnd() { throw cursor.error("expected the end") }
            }
        } catch let error as JSONError {
            throw PriceFileError("this is no price table: \(error.message)")
        }
        if prices.isEmpty { throw PriceFileError("this prices the tokens of no model") }
        table = PriceTable(prices)
    }

    private mutating func read(
        _ cursor: inout JSONCursor, _ prices: inout [String: Price]
    ) throws(JSONError) {
        var isFirst = true
        try cursor.enterObject()
        while let key = try cursor.nextKey(&isFirst) {
            let name = key.decodedString
            guard try cursor.kind() == .object, name != Self.template else {
                try cursor.skip()
                if name != Self.template { skipped += 1 }
                continue
            }
            var entry = PriceEntry()
            try entry.read(&cursor)
            // As with any JSON, the last of two members of one name counts.
            prices[name] = nil
            if entry.isUnreadable {
                skipped += 1
            } else if let price = entry.price {
                prices[name] = price
            } else {
                unpriced += 1
            }
        }
    }

    /// An entry of LiteLLM's file that only shows what entries may have.
    private static let template = "sample_spec"
}

/// Why a price file is of no use, in one line.
package struct PriceFileError: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String
    init(_ description: String) { self.description = description }
}
