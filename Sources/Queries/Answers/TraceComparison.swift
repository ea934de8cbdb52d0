internal import Spans
package import Store

/// Two traces side by side, step by step, and the first step at which they part.
package struct TraceComparison {
    package struct Step {
        /// Rows of the two batches; nil where one trace has no such step.
        package let this: Int?
        package let other: Int?
        /// What tells the two apart; empty if they are alike.
        package let differences: [String]
    }

    package let other: SpanRows
    package let steps: [Step]
    /// Of each step in this trace, how many spans it lies below.
    private let depths: [Int]

    /// What makes a step the same: what was done, and how it ended.
    private static let compared = [
        "operation.kind", "name", "tool", "status", "error.type", "finish_reason",
    ]

    package init(_ this: SpanRows, beside other: SpanRows) {
        self.other = other
        let fields = (SpanFields(this), SpanFields(other))
        let tree = TraceTree(this.batch)
        depths = tree.depths
        let orders = (tree.order, TraceTree(other.batch).order)
        steps = (0..<max(orders.0.count, orders.1.count)).map { place in
            guard place < orders.0.count, place < orders.1.count else {
                return Step(
                    this: place < orders.0.count ? orders.0[place] : nil,
                    other: place < orders.1.count ? orders.1[place] : nil,
                    differences: ["step"])
            }
            let rows = (orders.0[place], orders.1[place])
            let differences = Self.compared.filter { name in
                fields.0.values(of: Field(name), rows.0) != fields.1.values(of: Field(name), rows.1)
            }
            return Step(this: rows.0, other: rows.1, differences: differences)
        }
    }

    /// The place of the first step that differs; nil if none does.
    ///
    /// Roots and agents fail with what they contain, so a step inside says more than they do.
    package var firstDifference: Int? {
        steps.indices.first { !steps[$0].differences.isEmpty && !onlyFailsWithItsContent($0) }
    }

    private static let outcome: Set<String> = ["status", "error.type"]

    private func onlyFailsWithItsContent(_ place: Int) -> Bool {
        guard Self.outcome.isSuperset(of: steps[place].differences) else { return false }
        let content = depths.indices.dropFirst(place + 1).prefix { depths[$0] > depths[place] }
        return content.contains { !steps[$0].differences.isEmpty }
    }
}
