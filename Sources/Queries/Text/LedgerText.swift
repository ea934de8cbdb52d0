internal import Spans
internal import Store

/// `/v1/ledger` for a terminal: the rows, then what each reason means.
struct LedgerText {
    private let report: LedgerReport
    private let width: Int
    private let zone: String

    init(_ report: LedgerReport, width: Int, zone: String) {
        self.report = report
        self.width = width
        self.zone = zone
    }

    var bytes: [UInt8] {
        if report.rows.isEmpty {
            return DisplayWidth.page(
                ["nothing was counted"] + report.coverage.hints(zone: zone))
        }
        var lines = [title, ""] + table
        let more = report.groups - report.rows.count
        if more > 0 { lines.append("and \(HumanText.count(more)) more") }
        lines.append("")
        for entry in report.reasons {
            lines.append("\(entry.line.reason.rawValue): \(entry.line.reason.meaning)")
        }
        return DisplayWidth.page(lines)
    }

    private var title: String {
        "ledger · by \(report.by.map(\.rawValue).joined(separator: ", ")) · "
            + "\(HumanText.count(report.total)) counted · times of receipt, \(zone)"
    }

    private var table: [String] {
        var columns: [TextTable.Column] = [
            .init(title: "COUNT"), .init(title: "FIRST", isRightAligned: false, sacrifice: 1),
            .init(title: "LAST", isRightAligned: false),
        ]
        columns += report.by.map { .init(title: $0.rawValue.uppercased(), isRightAligned: false) }
        var table = TextTable(columns)
        for row in report.rows {
            let values = zip(report.by, row.place.values).map { part, value in
                if let value { return DisplayWidth.printable(value) }
                return row.place.isOther ? "other" : HumanText.none
            }
            table.add(
                [HumanText.count(row.entry.count), time(row.entry.first), time(row.entry.last)]
                    + values)
        }
        return table.lines(width: width)
    }

    private func time(_ time: Int64?) -> String {
        time.map { HumanText.time($0, zone: zone) } ?? HumanText.none
    }
}
