/// A set of Unicode scalars, as ascending ranges that do not touch.
struct ScalarSet: Hashable, Sendable {
    private(set) var ranges: [ClosedRange<UInt32>] = []

    static let greatest: UInt32 = 0x10FFFF

    init(_ ranges: [ClosedRange<UInt32>] = []) {
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = self.ranges.last, range.lowerBound <= last.upperBound &+ 1 {
                let upper = max(last.upperBound, range.upperBound)
                self.ranges[self.ranges.count - 1] = last.lowerBound...upper
            } else {
                self.ranges.append(range)
            }
        }
    }

    init(_ scalar: Unicode.Scalar) { self.init([scalar.value...scalar.value]) }

    static let any = ScalarSet([0...greatest])
    static let digits = ScalarSet([48...57])
    static let word = ScalarSet([48...57, 65...90, 95...95, 97...122])
    /// RE2's `\s`: tab, newline, form feed, carriage return, space.
    static let space = ScalarSet([9...10, 12...13, 32...32])

    var inverted: ScalarSet {
        var result: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in ranges {
            if range.lowerBound > next {
                let upper = range.lowerBound - 1
                result.append(next...upper)
            }
            next = range.upperBound + 1
        }
        if next <= Self.greatest {
            let upper = Self.greatest
            result.append(next...upper)
        }
        return ScalarSet(result)
    }

    func union(_ other: ScalarSet) -> ScalarSet { ScalarSet(ranges + other.ranges) }

    func contains(_ scalar: UInt32) -> Bool {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < scalar { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].lowerBound <= scalar
    }

    /// The set with the other case of each of its letters. Beyond `foldedMax` scalars a range is taken
    /// to hold both cases already.
    var foldingCase: ScalarSet {
        var more = ranges
        for range in ranges where range.count <= Self.foldedMax {
            for value in range {
                guard let scalar = Unicode.Scalar(value) else { continue }
                for mapping in [
                    scalar.properties.lowercaseMapping, scalar.properties.uppercaseMapping,
                ] {
                    let mapped = mapping.unicodeScalars
                    if mapped.count == 1, let other = mapped.first, other != scalar {
                        more.append(other.value...other.value)
                    }
                }
            }
        }
        return ScalarSet(more)
    }

    private static let foldedMax = 2048

    /// POSIX classes by name, as in `[[:alpha:]]`.
    static let posix: [String: ScalarSet] = [
        "alnum": ScalarSet([48...57, 65...90, 97...122]),
        "alpha": ScalarSet([65...90, 97...122]),
        "ascii": ScalarSet([0...127]),
        "blank": ScalarSet([9...9, 32...32]),
        "cntrl": ScalarSet([0...31, 127...127]),
        "digit": .digits,
        "graph": ScalarSet([33...126]),
        "lower": ScalarSet([97...122]),
        "print": ScalarSet([32...126]),
        "punct": ScalarSet([33...47, 58...64, 91...96, 123...126]),
        "space": ScalarSet([9...13, 32...32]),
        "upper": ScalarSet([65...90]),
        "word": .word,
        "xdigit": ScalarSet([48...57, 65...70, 97...102]),
    ]
}
