/// A pattern of attribute keys that flatten a list: `retrieval.documents.*.document.id`.
package struct IndexedKey: Sendable, Equatable {
    /// What stands before, between and behind the numbers.
    private let parts: [String]

    /// Numbers beyond this do not fit: senders have sent indices of nine digits.
    private static let indexMax = 10_000

    /// - Parameter pattern: `*` stands for a number.
    package init(_ pattern: String) {
        parts = pattern.split(separator: "*", omittingEmptySubsequences: false).map(String.init)
    }

    /// The numbers in `key`, outermost first; nil if it does not fit.
    package func indices(of key: String) -> [Int]? {
        guard key.hasPrefix(parts[0]) else { return nil }
        var rest = key.dropFirst(parts[0].count)
        var indices: [Int] = []
        for part in parts.dropFirst() {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            guard let index = Int(digits), index <= Self.indexMax else { return nil }
            indices.append(index)
            rest = rest.dropFirst(digits.count)
            guard rest.hasPrefix(part) else { return nil }
            rest = rest.dropFirst(part.count)
        }
        return rest.isEmpty ? indices : nil
    }
}
