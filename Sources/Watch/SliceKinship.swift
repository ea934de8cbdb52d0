import Store

/// Whether two slices tell the same.
enum SliceKinship {
    /// Whether two slices have the same values of the same dimensions. Bands of a number are cut anew in each window, so two that are
    /// open to the same side are the same, and two that share half of the shorter one.
    static func isSame(_ a: [SliceTerm], _ b: [SliceTerm]) -> Bool {
        a.count == b.count && contains(a, b)
    }

    /// Whether the one that has more dimensions says all that the other says, and that is not nothing.
    static func isNested(_ a: [SliceTerm], _ b: [SliceTerm]) -> Bool {
        let (wide, narrow) = a.count < b.count ? (a, b) : (b, a)
        return !wide.isEmpty && wide.count < narrow.count && contains(narrow, wide)
    }

    private static func contains(_ narrow: [SliceTerm], _ wide: [SliceTerm]) -> Bool {
        wide.allSatisfy { term in narrow.contains { isSame($0, term) } }
    }

    private static func isSame(_ a: SliceTerm, _ b: SliceTerm) -> Bool {
        guard a.field == b.field else { return false }
        switch (a.value, b.value) {
        case (.band(let from?, let to?), .band(let otherFrom?, let otherTo?)):
            return min(to, otherTo) - max(from, otherFrom) >= min(to - from, otherTo - otherFrom)
                / 2
        case (.band(let from, let to), .band(let otherFrom, let otherTo)):
            return (from == nil) == (otherFrom == nil) && (to == nil) == (otherTo == nil)
        case (.value(let a), .value(let b)): return a == b
        case (.band, .value), (.value, .band): return false
        }
    }
}
