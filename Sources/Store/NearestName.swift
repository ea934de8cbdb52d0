/// Finds what a mistyped name may have meant.
package enum NearestName {
    /// Up to three names, the closest first; none if nothing is close.
    package static func of(_ name: String, among names: some Sequence<String>) -> [String] {
        let wanted = Array(name.lowercased().utf8)
        let distanceMax = max(2, wanted.count / 3)
        var found: [(distance: Int, name: String)] = []
        for candidate in names {
            let other = Array(candidate.lowercased().utf8)
            if abs(other.count - wanted.count) > distanceMax { continue }
            let distance = distance(wanted, other)
            if distance <= distanceMax { found.append((distance, candidate)) }
        }
        return found.sorted { $0 < $1 }.prefix(3).map(\.name)
    }

    /// Insertions, deletions, replacements and swaps of neighbours from one to the other
    /// (Damerau-Levenshtein, optimal string alignment).
    package static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var beforeLast = [Int](repeating: 0, count: b.count + 1)
        var last = Array(0...b.count)
        for i in 0..<a.count {
            var row = [i + 1]
            for j in 0..<b.count {
                var best = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                    best = min(best, beforeLast[j - 1] + 1)
                }
                row.append(best)
            }
            beforeLast = last
            last = row
        }
        return last[b.count]
    }
}
