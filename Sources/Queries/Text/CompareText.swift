internal import Foundation
internal import Spans
internal import Store

/// The answer of `/v1/compare` as a table.
struct CompareText {
    private let request: CompareRequest
    private let answer: CompareAnswer
    private var query: CompareQuery { request.query }

    init(_ request: CompareRequest, _ answer: CompareAnswer) {
        self.request = request
        self.answer = answer
    }

    var bytes: [UInt8] {
        let (findings, count) = request.shown(answer)
        var lines = [header, summary(count, shown: findings.count)]
        if !findings.isEmpty {
            var table = TextTable(columns)
            for (index, finding) in findings.enumerated() {
                for row in rows(finding, index + 1) { table.add(row) }
            }
            lines += table.lines(width: request.width)
        }
        lines += answer.coverage.hints(zone: request.zone)
        return DisplayWidth.page(lines)
    }

    private var header: String {
        var cohorts = query.target.description
        if query.target == .failed { cohorts += " (\(query.failure))" }
        if let before = query.before {
            cohorts +=
                " against before, "
                + HumanText.range(before, answer.coverage, zone: request.zone)
        } else {
            cohorts += " against \(query.baseline?.description ?? "the rest")"
        }
        var parts = ["compare", cohorts, "unit=\(query.unit.rawValue)"]
        if let condition = query.condition { parts.append("where \(condition)") }
        parts.append(HumanText.range(query.range, answer.coverage, zone: request.zone))
        return parts.joined(separator: " · ")
    }

    /// `3,915 of 189,334 fail (2.1 %). 4 slices explain 61 %; 39 % follow no slice.`
    private func summary(_ count: Int, shown: Int) -> String {
        let all = answer.target + answer.baseline
        let verb = query.target == .failed ? "fail" : "are in the target"
        let rate = all == 0 ? nil : Double(answer.target) / Double(all)
        var text =
            "\(HumanText.count(answer.target)) of \(HumanText.count(all)) \(verb)"
            + (rate.map { String(format: " (%.1f %%)", $0 * 100) } ?? "") + "."
        guard let explained = answer.explained else { return text }
        guard !answer.findings.isEmpty else { return text + " No slice stands out." }
        let part = String(format: "%.0f", explained * 100)
        let rest = String(format: "%.0f", 100 - (explained * 100).rounded())
        text +=
            " \(answer.findings.count) slice\(answer.findings.count == 1 ? " explains" : "s explain")"
            + " \(part) %; \(rest) % follow no slice."
        if shown < answer.findings.count { text += " (\(shown) shown)" }
        return text
    }

    private var columns: [TextTable.Column] {
        [
            .init(title: "#"), .init(title: "EXPLAINS"),
            .init(title: query.target == .failed ? "FAILED/COUNT" : "TARGET/COUNT"),
            .init(title: "RATE"), .init(title: query.before == nil ? "REST" : "BEFORE"),
            .init(title: "×", sacrifice: 2),
            .init(title: "TREND", isRightAligned: false, sacrifice: 3),
            .init(title: "ONSET", isRightAligned: false, sacrifice: 1),
            .init(title: "TRACE", isRightAligned: false),
            .init(title: "SLICE", isRightAligned: false),
        ]
    }

    /// Other names that are shown of a finding.
    private static let alsoMax = 2

    /// A line for each dimension, and one for each other name.
    private func rows(_ finding: Finding, _ number: Int) -> [[String]] {
        let terms = RowExpression.of(finding.slice, query.unit).map(\.description)
        let count = HumanText.count(finding.figures.target + finding.figures.baseline)
        let explained = finding.figures.value(of: .explainedShare, targets: answer.target)
        let first = [
            String(number), HumanText.percent(explained),
            "\(HumanText.count(finding.figures.target))/\(count)",
            HumanText.percent(finding.figures.targetRate),
            HumanText.percent(finding.figures.restRate),
            finding.figures.riskRatio.map(Self.ratio) ?? HumanText.none,
            HumanText.sparkLine(finding.trend),
            finding.onset.map { HumanText.time($0.time, zone: request.zone) } ?? HumanText.none,
            finding.exampleIDs.first.map { String($0.prefix(8)) } ?? "",
            terms.first ?? "everything",
        ]
        var more = terms.dropFirst().map { "and \($0)" }
        for other in finding.also.prefix(Self.alsoMax) {
            more.append("also \(FindingText.slice(other, query))")
        }
        if finding.also.count > Self.alsoMax {
            more.append("and \(finding.also.count - Self.alsoMax) other names")
        }
        for appearance in finding.onset?.appeared ?? [] {
            let time = HumanText.time(appearance.time, zone: request.zone)
            more.append("since \(FindingText.slice([appearance.slice], query)), first seen \(time)")
        }
        let empty = [String](repeating: "", count: first.count - 1)
        return [first] + more.map { empty + [$0] }
    }

    private static func ratio(_ ratio: Double) -> String {
        String(format: ratio < 99.95 ? "%.1f" : "%.0f", ratio)
    }
}
