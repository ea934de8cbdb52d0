/// What is known of the numbers of one field over some units; mergeable.
package struct NumberFigures: Sendable {
    package private(set) var count = 0
    /// Integers are summed exactly, doubles with compensation.
    private var integerSum = Int128(0)
    private var doubleSum = CompensatedSum()
    private var hasDoubles = false
    package private(set) var least: Number?
    package private(set) var greatest: Number?
    private var sketch: NumberSketch?
    private var histogram: Histogram?

    package init(_ plan: FigurePlan.NumberPlan) {
        if plan.needsPercentiles { sketch = NumberSketch() }
        if plan.needsHistogram { histogram = Histogram() }
    }

    package mutating func add(_ number: Number) {
        count += 1
        switch number {
        case .integer(let value): integerSum += Int128(value)
        case .double(let value):
            hasDoubles = true
            doubleSum.add(value)
        }
        if least.map({ number < $0 }) ?? true { least = number }
        if greatest.map({ $0 < number }) ?? true { greatest = number }
        sketch?.add(number.double)
        histogram?.add(number.double)
    }

    package mutating func merge(_ other: NumberFigures) {
        count += other.count
        integerSum += other.integerSum
        doubleSum.merge(other.doubleSum)
        hasDoubles = hasDoubles || other.hasDoubles
        if let number = other.least, least.map({ number < $0 }) ?? true { least = number }
        if let number = other.greatest, greatest.map({ $0 < number }) ?? true { greatest = number }
        if let part = other.sketch { sketch?.merge(part) }
        if let part = other.histogram { histogram?.merge(part) }
    }

    func value(_ aggregate: Aggregate) -> FigureValue {
        switch aggregate {
        case .sum: sum
        case .average: average
        case .least: FigureValue(least)
        case .greatest: FigureValue(greatest)
        case .percentile(let rank):
            sketch?.quantile(rank / 100).map { .double($0) } ?? .none
        case .histogram: .histogram(histogram?.buckets ?? [])
        case .distinct: .none
        }
    }

    private var sum: FigureValue {
        hasDoubles ? .double(Double(integerSum) + doubleSum.value) : .integer(integerSum)
    }

    private var average: FigureValue {
        count == 0 ? .none : .double((Double(integerSum) + doubleSum.value) / Double(count))
    }
}

extension Number: Comparable {
    package static func < (a: Number, b: Number) -> Bool {
        if case .integer(let a) = a, case .integer(let b) = b { return a < b }
        return a.double < b.double
    }
}
