internal import Foundation
internal import Spans
internal import Store

/// `/v1/findings` as a table.
struct FindingsText {
    private let request: FindingsRequest
    private let page: FindingsPage
    private let report: WatchReport?

    init(_ request: FindingsRequest, _ page: FindingsPage, _ report: WatchReport?) {
        self.request = request
        self.page = page
        self.report = report
    }

    var bytes: [UInt8] {
        var lines = [header, summary]
        if !page.findings.isEmpty {
            var table = TextTable(columns)
            for finding in page.findings {
                for row in rows(finding) { table.add(row) }
            }
            lines += table.lines(width: request.width)
        }
        return DisplayWidth.page(lines)
    }

    /// `findings · failed: status = error · window 1h00m, every 5m00s · last look 11-18 10:25 UTC took 85ms`.
    private var header: String {
        guard let report else { return "findings · nothing watches" }
        func length(_ seconds: Int) -> String {
            HumanText.duration(milliseconds: Double(seconds) * 1000)
        }
        var parts = [
            "findings", "failed: \(report.failure)",
            "window \(length(report.windowSeconds)), every \(length(report.everySeconds))",
        ]
        if let last = report.last {
            let time = HumanText.time(last.to, zone: request.zone)
            let result =
                last.error.map { "failed: \($0)" }
                ?? "took \(HumanText.duration(milliseconds: last.seconds * 1000))"
            parts.append("last look \(time) \(request.zone) \(result)")
        } else {
            parts.append("no look yet")
        }
        return parts.joined(separator: " · ")
    }

    private var summary: String {
        let shown = page.findings.count
        let rest = shown < page.count ? " (\(HumanText.count(shown)) shown)" : ""
        return
            "\(HumanText.count(page.open)) open, \(HumanText.count(page.resolved)) resolved.\(rest)"
    }

    private var columns: [TextTable.Column] {
        [
            .init(title: "STATE", isRightAligned: false),
            .init(title: "OPENED", isRightAligned: false),
            .init(title: "UNTIL", isRightAligned: false, sacrifice: 1),
            .init(title: "FAILED/COUNT"), .init(title: "RATE"),
            .init(title: "REST"), .init(title: "TREND", isRightAligned: false, sacrifice: 3),
            .init(title: "TRACE", isRightAligned: false, sacrifice: 2),
            .init(title: "ID", isRightAligned: false, sacrifice: 4),
            .init(title: "SLICE", isRightAligned: false),
        ]
    }

    /// Sightings that the trend shows, the newest.
    private static let trendMax = 12

    /// A line for each dimension.
    private func rows(_ finding: StandingFinding) -> [[String]] {
        guard let latest = finding.latest else { return [] }
        let terms = RowExpression.of(finding.slice, .trace).map(\.description)
        let figures = latest.figures
        let until = finding.resolved.map { HumanText.time($0, zone: request.zone) }
        // Thousandths, since a trend is drawn of whole numbers.
        let rates = finding.sightings.suffix(Self.trendMax).map {
            Int((($0.figures.targetRate ?? 0) * 1000).rounded())
        }
        let first = [
            finding.state, HumanText.time(finding.opened, zone: request.zone),
            until ?? HumanText.none,
            "\(HumanText.count(figures.target))/\(HumanText.count(figures.members))",
            HumanText.percent(figures.targetRate),
            HumanText.percent(figures.restRate), HumanText.sparkLine(Array(rates)),
            finding.examples.first.map { String(Hex.text(traceID: $0).prefix(8)) } ?? "",
            finding.id, terms.first ?? "everything",
        ]
        var more = terms.dropFirst().map { "and \($0)" }
        if latest.question == .worse { more.append("(worse than in the window before)") }
        for appearance in finding.onset?.appeared ?? [] {
            let value = RowExpression.of([appearance.slice], .trace)[0]
            let time = HumanText.time(appearance.time, zone: request.zone)
            more.append("since \(value), first seen \(time)")
        }
        let empty = [String](repeating: "", count: first.count - 1)
        return [first] + more.map { empty + [$0] }
    }
}
