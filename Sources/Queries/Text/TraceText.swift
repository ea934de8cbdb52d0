internal import Spans
internal import Store

/// One trace for a terminal: a line a span, with what was asked and answered below it.
struct TraceText {
    private let rows: SpanRows
    private let scores: [Score]
    private let comparison: TraceComparison?
    private let isCompared: Bool
    private let zone: String
    private let width: Int
    private let fields: SpanFields
    private var batch: SpanBatch { rows.batch }

    /// - Parameter comparison: with the nearest trace that passed, if it is asked for and there is one.
    init(
        _ rows: SpanRows, _ scores: [Score], _ comparison: TraceComparison?, isCompared: Bool,
        zone: String, width: Int
    ) {
        self.scores = scores
        self.isCompared = isCompared
        self.rows = rows
        self.comparison = comparison
        self.zone = zone
        self.width = width
        fields = SpanFields(rows)
    }

    func lines(id: [UInt8]) -> [String] {
        let tree = TraceTree(batch)
        let starts = (0..<batch.count).map {
            Int64(clamping: batch.spans.number(SpanField.start, $0))
        }
        let first = starts.min() ?? 0
        var lines = [
            "trace \(Hex.text(id)) · \(batch.count) spans · \(HumanText.time(first, zone: zone)) \(zone)"
        ]
        lines += summary(tree.order)
        let marked = comparison?.firstDifference
        for (place, (row, branch)) in zip(tree.order, tree.branches).enumerated() {
            let offset = HumanText.duration(milliseconds: Double(starts[row] - first) / 1e6)
            let mark = marked == place ? "▶" : " "
            lines.append(
                mark + pad(offset, 7) + " " + pad(duration(row), 7) + " "
                    + statusMark(row) + " " + branch + title(row))
            lines += texts(row, indent: 20 + branch.count)
        }
        lines += scores.map(line)
        if let comparison { lines += self.lines(comparison) }
        if comparison == nil, isCompared {
            lines += ["", "no trace of the same tenant and prompt passed"]
        }
        return lines
    }

    /// What the trace is about, once instead of on each span.
    private func summary(_ order: [Int]) -> [String] {
        let names = [
            "service", "release", "tenant", "user", "conversation", "prompt.version",
            "model.revision", "locale", "tool.sequence", "error.type",
        ]
        var lines: [String] = []
        for name in names {
            var seen: Set<GroupValue> = []
            let values = order.flatMap { fields.values(of: Field(name), $0) }
                .filter { seen.insert($0).inserted }
            if values.isEmpty { continue }
            let text = values.map { HumanText.value($0, of: Field(name)) }
                .joined(separator: ", ")
            lines.append("  \(name) = \(text)")
        }
        return lines
    }

    private func pad(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    private func duration(_ row: Int) -> String {
        guard case .double(let milliseconds)? = fields.values(of: Field("duration"), row).first
        else { return "" }
        return HumanText.duration(milliseconds: milliseconds)
    }

    private func statusMark(_ row: Int) -> String {
        switch batch.spans.number(SpanField.status, row) {
        case 2: "✗"
        case 1: "✓"
        default: "·"
        }
    }

    private func text(_ name: String, _ row: Int) -> String? {
        let values = fields.values(of: Field(name), row)
        return values.isEmpty
            ? nil : values.map { HumanText.value($0, of: Field(name)) }.joined(separator: ", ")
    }

    private func title(_ row: Int) -> String {
        var title = text("name", row).flatMap { $0.isEmpty ? nil : $0 } ?? "(unnamed)"
        if let input = text("tokens.input", row), let output = text("tokens.output", row) {
            title += " · \(input) → \(output) tokens"
        }
        if let cost = text("cost", row) { title += " · $\(cost)" }
        if let error = text("status_message", row) ?? text("error.type", row) {
            title += " · \(error)"
        }
        return title
    }

    private static let arguments = [
        "gen_ai.tool.call.arguments", "tool_arguments", "ai.toolCall.args", "tool.arguments",
        "gcp.vertex.agent.tool_call_args",
    ]
    private static let results = [
        "gen_ai.tool.call.result", "tool_response", "ai.toolCall.result", "tool.result",
        "gcp.vertex.agent.tool_response",
    ]

    private func texts(_ row: Int, indent: Int) -> [String] {
        func raw(_ keys: [String]) -> String? {
            keys.lazy.compactMap { attribute($0, row) }.first
        }
        let parts = [
            ("(", raw(Self.arguments)), (")", raw(Self.results)), ("›", text("prompt.text", row)),
            ("‹", text("output.text", row)), ("#", text("document", row)),
        ]
        return parts.flatMap { label, text in
            text.map { ExcerptText.lines($0, label: label, indent: indent, width: width) } ?? []
        }
    }

    /// An attribute as text, its own quotes left out.
    private func attribute(_ key: String, _ row: Int) -> String? {
        guard
            let value = batch.spans.attributes(row).first(where: { $0.key == key })?.value
        else { return nil }
        if case .string(let text) = value { return text }
        return value.json
    }

    private func line(_ score: Score) -> String {
        var line = "  score \(score.name) = "
        line += score.value.map(HumanText.number) ?? score.label ?? HumanText.none
        if score.value != nil, let label = score.label { line += " (\(label))" }
        if !score.evaluator.isEmpty { line += " by \(score.evaluator)" }
        if case .span(_, let span) = score.target, span != 0 {
            line += " of span \(Hex.text(spanID: span))"
        }
        return score.comment.isEmpty ? line : line + ": \(score.comment)"
    }

    // MARK: Beside another trace

    private func lines(_ comparison: TraceComparison) -> [String] {
        let other = SpanFields(comparison.other)
        let otherID = Hex.text(comparison.other.batch.spans.bytes(SpanField.traceID, 0))
        var lines = ["", "beside \(otherID), the nearest that passed"]
        guard let first = comparison.firstDifference else {
            return lines + ["no step differs in what was done and how it ended"]
        }
        var table = TextTable([
            .init(title: ""), .init(title: "STEP"), .init(title: "THIS", isRightAligned: false),
            .init(title: "THAT", isRightAligned: false),
            .init(title: "DIFFERS IN", isRightAligned: false),
        ])
        for (place, step) in comparison.steps.enumerated() {
            table.add([
                place == first ? "▶" : "", String(place + 1),
                label(step.this, fields, batch), label(step.other, other, comparison.other.batch),
                step.differences.joined(separator: ", "),
            ])
        }
        lines += table.lines(width: width)
        return lines
    }

    private func label(_ row: Int?, _ fields: SpanFields, _ batch: SpanBatch) -> String {
        guard let row else { return HumanText.none }
        let mark = batch.spans.number(SpanField.status, row) == 2 ? "✗ " : ""
        return mark + batch.spans.text(SpanField.name, row)
    }
}
