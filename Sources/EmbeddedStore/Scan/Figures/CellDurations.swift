internal import Store

/// Sum, greatest and percentiles of the durations of each cell, in one pass.
///
/// It is known how many units each cell has, so those with few get their values copied one after the other, and those
/// with many a table of buckets (`QuantileSketch`).
struct CellDurations {
    private var sums: [UInt64]
    /// How often the sum exceeded 64 bits.
    private var carries: [UInt32]
    private var greatest: [UInt64]
    /// Of small cells.
    private var values: [UInt64]
    /// Of large cells, one table after the other.
    private var buckets: [UInt32]
    /// Where a small cell's values end, or, negative, one less than minus the number of a large cell's table.
    private var places: [Int]

    init(_ map: CellMap, _ durations: [UInt64], unitCounts: [Int]) {
        var sums = [UInt64](repeating: 0, count: map.count)
        var carries = [UInt32](repeating: 0, count: map.count)
        var greatest = sums
        var (places, valueCount, tableCount) = Self.places(unitCounts)
        var values = [UInt64](repeating: 0, count: valueCount)
        var buckets = [UInt32](repeating: 0, count: tableCount * QuantileSketch.bucketCount)
        sums.withUnsafeMutableBufferPointer { sums in
            carries.withUnsafeMutableBufferPointer { carries in
                greatest.withUnsafeMutableBufferPointer { greatest in
                    places.withUnsafeMutableBufferPointer { places in
                        values.withUnsafeMutableBufferPointer { values in
                            buckets.withUnsafeMutableBufferPointer { buckets in
                                map.visit(durations) { cell, _, duration in
                                    let (sum, overflows) = sums[cell].addingReportingOverflow(
                                        duration)
                                    sums[cell] = sum
                                    if overflows { carries[cell] += 1 }
                                    if duration > greatest[cell] { greatest[cell] = duration }
                                    let place = places[cell]
                                    if place >= 0 {
                                        values[place] = duration
                                        places[cell] = place + 1
                                    } else {
                                        let table = (-1 - place) * QuantileSketch.bucketCount
                                        buckets[table + QuantileSketch.bucket(of: duration)] += 1
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        self.sums = sums
        self.carries = carries
        self.greatest = greatest
        self.values = values
        self.buckets = buckets
        self.places = places
    }

    private static func places(_ counts: [Int]) -> (places: [Int], values: Int, tables: Int) {
        var values = 0
        var tables = 0
        let places = counts.map { count in
            if count > QuantileSketch.exactMax {
                tables += 1
                return -tables
            }
            defer { values += count }
            return values
        }
        return (places, values, tables)
    }

    func write(_ cell: Int, unitCount: Int, to figures: inout SliceFigures) {
        figures.durationSum = Int128(carries[cell]) << 64 + Int128(sums[cell])
        figures.durationMax = greatest[cell]
        let place = places[cell]
        if place >= 0 {
            figures.durations = QuantileSketch(Array(values[place - unitCount..<place]))
        } else {
            let first = (-1 - place) * QuantileSketch.bucketCount
            figures.durations = QuantileSketch(
                buckets: buckets[first..<first + QuantileSketch.bucketCount], count: unitCount)
        }
    }
}
