/// One dimension of a slice, and what its members have of it.
package struct SliceTerm: Hashable, Sendable {
    package enum Value: Hashable, Sendable {
        /// null: nothing.
        case value(GroupValue)
        /// A number from the lower bound on and below the upper one; nil is unbounded.
        case band(from: Double?, to: Double?)
    }

    package var field: Field
    package var value: Value

    package init(_ field: Field, _ value: Value) {
        self.field = field
        self.value = value
    }
}
