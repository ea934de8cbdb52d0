/// What a scan says of all units of its frame, kept when the scan is not.
struct FrameTotals: Sendable {
    let unitCount: Int
    let failureCount: Int
    let spanCount: Int
    let openTraces: Int
    let droppedUpstream: Int
    let groupsAddUp: Bool
    let newestStart: Int64

    init(_ scan: SliceScan) {
        unitCount = scan.unitCount
        failureCount = scan.failureCount
        spanCount = scan.spanCount
        openTraces = scan.openTraces
        droppedUpstream = scan.droppedUpstream
        groupsAddUp = scan.groupsAddUp
        newestStart = scan.newestStart
    }
}

/// What is left of a scan.
protocol KeptScan: FrameScan {
    var totals: FrameTotals { get }
    /// By group.
    var tallies: [Tally] { get }
}

extension KeptScan {
    var unitCount: Int { totals.unitCount }
    var failureCount: Int { totals.failureCount }
    var spanCount: Int { totals.spanCount }
    var openTraces: Int { totals.openTraces }
    var droppedUpstream: Int { totals.droppedUpstream }
    var groupsAddUp: Bool { totals.groupsAddUp }
    var newestStart: Int64 { totals.newestStart }

    var groupCount: Int { tallies.count }
    func hasUnits(_ group: Int, haveFailed: Bool) -> Bool {
        tallies[group].hasUnits(haveFailed: haveFailed)
    }
}
