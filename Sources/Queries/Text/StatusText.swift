internal import Store

/// `/v1/status` for a terminal: what is held, what waits, and what the ledger counts.
struct StatusText {
    private let report: StatusReport
    private let width: Int
    private var store: StoreStatus { report.store }

    init(_ report: StatusReport, width: Int) {
        self.report = report
        self.width = width
    }

    /// Partitions that have a line of their own, the newest. With years of them nobody reads on.
    private static let partitionsMax = 10

    var bytes: [UInt8] {
        let uptime = HumanText.duration(milliseconds: report.uptimeSeconds * 1000)
        var lines = ["everyspan \(report.version) · up for \(uptime)", held]
        lines.append(
            "\(HumanText.number(report.spansPerSecond)) spans a second come in · "
                + "\(HumanText.count(store.queuedSpans)) wait for their commit · "
                + "\(HumanText.count(store.backlogSpans)) in "
                + "\(HumanText.count(store.backlogSegments)) segments wait to be merged")
        if !store.partitions.isEmpty { lines += partitions }
        if !report.ledger.isEmpty { lines += ledger }
        return DisplayWidth.page(lines)
    }

    private var held: String {
        guard let oldest = store.oldest, let newest = store.newest else {
            return "nothing is held yet"
        }
        func time(_ time: Int64) -> String { HumanText.time(time, zone: "UTC") }
        return "\(HumanText.count(store.spans)) spans · \(HumanText.count(store.traces)) traces · "
            + "\(HumanText.count(store.scores)) scores · \(HumanText.bytes(report.bytes)) · "
            + "\(time(oldest)) → \(time(newest)) UTC"
    }

    private var partitions: [String] {
        var table = TextTable([
            .init(title: "SPANS"), .init(title: "SEGMENTS"), .init(title: "BYTES"),
            .init(title: "PARTITION", isRightAligned: false),
        ])
        let newestFirst = store.partitions.sorted { $0.name > $1.name }
        for partition in newestFirst.prefix(Self.partitionsMax) {
            table.add([
                HumanText.count(partition.spans), HumanText.count(partition.segments),
                HumanText.bytes(partition.bytes), partition.name,
            ])
        }
        let more = newestFirst.count - Self.partitionsMax
        let rest = more > 0 ? ["and \(HumanText.count(more)) older"] : []
        return [""] + table.lines(width: width) + rest
    }

    private var ledger: [String] {
        var table = TextTable([
            .init(title: "COUNT"), .init(title: "LEDGER", isRightAligned: false),
        ])
        for (reason, amount) in report.ledger { table.add([HumanText.count(amount), reason]) }
        return [""] + table.lines(width: width)
    }
}
