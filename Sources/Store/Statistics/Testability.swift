internal import Foundation

/// Which slices can be discoveries at all, by their margins alone (Tarone 1990): one with so few members that even if all
/// of them were in the target its p-value would be too great is no hypothesis, and nobody pays for it.
///
/// Fisher's test is conditional on the margins, so choosing by them does not change the level.
package struct Testability: Sendable {
    /// Units in the target, of all.
    package let targets: Int
    package let units: Int
    /// Whether members are held against these units instead of being some of them.
    private let isReference: Bool

    package init(targets: Int, units: Int, isReference: Bool = false) {
        self.targets = targets
        self.units = units
        self.isReference = isReference
    }

    /// How many members a slice has at least that can reach a level, given as its decimal logarithm; nil if none can.
    package func membersLeast(log10Level: Double) -> Int? {
        if isReference {
            // Beside `units` others of which `targets` are in the target: C(T + n, n) / C(N + n, n), factor by factor.
            guard targets < units else { return nil }
            var sum = 0.0
            for drawn in 1... {
                sum += log10(Double(targets + drawn) / Double(units + drawn))
                if sum <= log10Level { return drawn }
                if drawn >= Self.membersMax { break }
            }
            return nil
        }
        var sum = 0.0
        // All members in the target: C(T, n) / C(N, n), factor by factor.
        for drawn in 0..<max(0, min(targets, units - 1)) {
            sum += log10(Double(targets - drawn) / Double(units - drawn))
            if sum <= log10Level { return drawn + 1 }
        }
        return nil
    }

    /// Where nearly all units are in the target no slice stands out.
    private static let membersMax = 1 << 20
}
