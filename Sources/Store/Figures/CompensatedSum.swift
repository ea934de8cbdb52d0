/// A sum of doubles that carries along what each addition rounds off (Neumaier 1974).
package struct CompensatedSum: Sendable {
    @usableFromInline var sum = 0.0
    @usableFromInline var lost = 0.0

    package init() {}

    package var value: Double { sum + lost }

    @inlinable
    package mutating func add(_ value: Double) {
        let next = sum + value
        lost += abs(sum) >= abs(value) ? (sum - next) + value : (value - next) + sum
        sum = next
    }

    package mutating func merge(_ other: CompensatedSum) {
        add(other.sum)
        lost += other.lost
    }
}
