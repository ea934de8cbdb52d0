import TestSupport
import Testing

@testable import Store

@Suite struct `Quantile sketches` {
    @Test(arguments: [1, 2, 999, 1000, 1001, 50_000])
    func `give the value of rank q·n, exactly up to a thousand and within 1 % beyond`(count: Int) {
        var random = SeededGenerator(seed: UInt64(count))
        // From one nanosecond to hours, as durations are.
        let values = (0..<count).map { _ in
            UInt64.random(in: 0...UInt64.max, using: &random)
                >> UInt64.random(in: 20...63, using: &random)
        }
        let sorted = values.sorted()
        // Merged from parts, as a scan does.
        var sketch = QuantileSketch()
        for part in stride(from: 0, to: count, by: 700) {
            sketch.merge(QuantileSketch(Array(values[part..<min(count, part + 700)])))
        }
        #expect(sketch.count == count)
        for q in [0.0, 0.01, 0.5, 0.95, 0.99, 1] {
            let rank = min(count, max(1, Int((q * Double(count)).rounded(.up))))
            let exact = Double(sorted[rank - 1])
            let found = sketch.quantile(q) ?? -1
            if count <= QuantileSketch.exactMax {
                #expect(found == exact)
            } else {
                #expect(abs(found - exact) <= exact * 0.01)
            }
        }
    }

    @Test(arguments: [0, 1, 127, 128, 255, 256, 257, 1 << 40, UInt64.max >> 1, .max] as [UInt64])
    func `place every value in a bucket whose middle is near it`(value: UInt64) {
        let middle = QuantileSketch.middle(of: QuantileSketch.bucket(of: value))
        #expect(abs(middle - Double(value)) <= Double(value) * 0.005)
    }

    @Test func `say nothing of nothing`() {
        #expect(QuantileSketch().quantile(0.5) == nil)
    }
}
