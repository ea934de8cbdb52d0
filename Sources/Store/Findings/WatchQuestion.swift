/// What the watch asks about each window.
package enum WatchQuestion: String, Sendable {
    /// Which slices fail more than all others?
    case failing
    /// Which slices fail more than in the window before, as long?
    case worse

    package func query(from: Int64, to: Int64, failure: Expression) -> CompareQuery {
        let before = TimeRange(from: from.minus(to.minus(from)), to: from)
        return CompareQuery(
            failure: failure, range: TimeRange(from: from, to: to),
            before: self == .worse ? before : nil)
    }
}
