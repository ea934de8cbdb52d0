internal import Spans

/// How many different traces there are: those of large segments are known, and those that lie in
/// several segments are counted once.
enum TraceCount {
    static func of(_ snapshot: Snapshot) -> Int {
        var count = 0
        var shared: Set<UInt64> = []
        for view in snapshot.large {
            count += view.segment.record.traces - view.shared.count
            shared.formUnion(view.shared)
        }
        for view in snapshot.small { shared.formUnion(view.traces) }
        return count + shared.count
    }
}
