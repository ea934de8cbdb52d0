internal import Store

/// Counts units by the ranges of a dimension's numbers, one number a unit.
///
/// A number is in ten ranges. Only its band is counted, and what lies above or below a cut is added up: of units from their bands, of
/// traces from the greatest and the least band that each has.
struct BandTallies {
    private let bands: NumberBands
    /// By band; behind them the units without a number.
    private var counters: [TraceCounter]
    private var all: Extremes
    private var targets: Extremes

    init(_ bands: NumberBands) {
        self.bands = bands
        counters = [TraceCounter](repeating: TraceCounter(), count: bands.count + 1)
        all = Extremes(bands.count)
        targets = all
    }

    /// Adds a unit. Those of a trace follow each other.
    ///
    /// - Parameter band: as `DimensionCodes.readingBands` says it.
    @inline(__always)
    mutating func add(_ band: Int, trace: UInt32, isTarget: Bool) {
        guard band <= bands.count else { return }
        counters[band].add(trace, isTarget)
        if band == bands.count { return }
        all.add(band, trace)
        if isTarget { targets.add(band, trace) }
    }

    /// By code (`DimensionCodes`): those of the ranges, then of absence.
    mutating func tallies() -> [UnitTallies] {
        all.end()
        targets.end()
        let ranges = bands.ranges.map { range in
            switch range {
            case .band(let band): counters[band].tallies
            case .from(let cut): sum(cut + 1..<bands.count, all.greatest, targets.greatest)
            case .below(let cut): sum(0..<cut + 1, all.least, targets.least)
            }
        }
        return ranges + [counters[bands.count].tallies]
    }

    private func sum(_ own: Range<Int>, _ traces: [Int], _ ofTargets: [Int]) -> UnitTallies {
        own.reduce(into: UnitTallies()) { sum, band in
            sum.units += counters[band].tallies.units
            sum.traces += Tally(count: traces[band], failures: ofTargets[band])
        }
    }

    /// How many traces have each band as the least or the greatest of theirs.
    private struct Extremes {
        private(set) var least: [Int]
        private(set) var greatest: [Int]
        private var trace = UInt32.max
        private var low = 0
        private var high = 0

        init(_ bands: Int) {
            least = [Int](repeating: 0, count: bands)
            greatest = least
        }

        @inline(__always)
        mutating func add(_ band: Int, _ trace: UInt32) {
            if self.trace == trace {
                low = min(low, band)
                high = max(high, band)
                return
            }
            end()
            self.trace = trace
            low = band
            high = band
        }

        /// The last trace has been seen whole.
        mutating func end() {
            if trace == .max { return }
            least[low] += 1
            greatest[high] += 1
            trace = .max
        }
    }
}
