/// The bands into which a dimension's numbers are cut, about as many units in each.
///
/// Cuts are at numbers of three decimal digits, chosen by counts that add up over frames: the same data give the same
/// bands however they are merged.
struct NumberBands: Equatable, Sendable {
    /// Ascending: band `i` is from cut `i - 1` on and below cut `i`; the first and last are open.
    let cuts: [Double]

    static let wanted = 10
    /// With fewer distinct numbers each is a value of its own.
    static let valuesMax = 32

    var count: Int { cuts.count + 1 }

    func band(of number: Double) -> Int {
        var low = 0
        var high = cuts.count
        while low < high {
            let middle = (low + high) / 2
            if cuts[middle] <= number { low = middle + 1 } else { high = middle }
        }
        return low
    }

    func bounds(of band: Int) -> (from: Double?, to: Double?) {
        (band > 0 ? cuts[band - 1] : nil, band < cuts.count ? cuts[band] : nil)
    }

    /// Counts of numbers by size.
    struct Counts: Sendable {
        /// By the greatest number of three digits that is not above.
        private var counts: [Double: Int] = [:]

        var byteCount: Int { counts.count * 24 }

        mutating func add(_ number: Double, _ count: Int) {
            if number.isFinite { counts[RoundNumber.below(number), default: 0] += count }
        }

        mutating func merge(_ other: Counts) { counts.merge(other.counts, uniquingKeysWith: +) }

        /// A cut lies before the first numbers that begin in a new tenth of the units.
        var bands: NumberBands {
            let all = counts.values.reduce(0, +)
            var cuts: [Double] = []
            var seen = 0
            var next = 1
            for (number, count) in counts.sorted(by: { $0.key < $1.key }) {
                if seen * NumberBands.wanted >= all * next {
                    cuts.append(number)
                    next = seen * NumberBands.wanted / all + 1
                }
                seen += count
            }
            return NumberBands(cuts: cuts)
        }
    }
}

// MARK: - What slices are made of

extension NumberBands {
    /// The ranges that slices are made of: each band, and everything above or below a cut.
    enum Range: Hashable, Sendable {
        case band(Int)
        /// From a cut on, where that is more than the last band.
        case from(Int)
        /// Below a cut, where that is more than the first band.
        case below(Int)
    }

    var ranges: [Range] {
        (0..<count).map { .band($0) } + cuts.indices.dropLast().map { .from($0) }
            + cuts.indices.dropFirst().map { .below($0) }
    }

    /// The ranges that a number of a band is in: a bit for each of `ranges`.
    func mask(ofBand band: Int) -> UInt64 {
        var mask: UInt64 = 0
        for (index, range) in ranges.enumerated() {
            let isIn =
                switch range {
                case .band(let own): own == band
                case .from(let cut): band > cut
                case .below(let cut): band <= cut
                }
            if isIn { mask |= 1 << UInt64(index) }
        }
        return mask
    }

    func bounds(of range: Range) -> (from: Double?, to: Double?) {
        switch range {
        case .band(let band): bounds(of: band)
        case .from(let cut): (cuts[cut], nil)
        case .below(let cut): (nil, cuts[cut])
        }
    }
}
