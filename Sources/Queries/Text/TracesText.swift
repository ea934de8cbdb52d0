internal import Spans
internal import Store

/// A list of traces for a terminal: a line each, its texts below it.
struct TracesText {
    private let fields: [Field]
    private let answer: TraceAnswer
    private let values: TraceFields
    private let zone: String

    init(_ fields: [Field], _ answer: TraceAnswer, _ values: TraceFields, zone: String) {
        self.fields = fields
        self.answer = answer
        self.values = values
        self.zone = zone
    }

    private static let texts: Set<String> = ["prompt.text", "output.text"]

    func bytes(width: Int) -> [UInt8] {
        let columns = fields.filter { !Self.texts.contains($0.name) }
        let texts = fields.filter { Self.texts.contains($0.name) }
        var table = TextTable(
            [.init(title: "TRACE", isRightAligned: false)]
                + columns.map {
                    .init(
                        title: $0.description.uppercased(), isRightAligned: $0.name == "duration")
                })
        for trace in answer.traces {
            table.add(
                [String(Hex.text(trace.id).prefix(8))] + columns.map { cell($0, trace) })
        }
        let rows = table.lines(width: width)
        var lines = [rows[0]]
        for (trace, row) in zip(answer.traces, rows.dropFirst()) {
            lines.append(row)
            for field in texts {
                guard let value = values.values(of: field, trace).first else { continue }
                lines += ExcerptText.lines(
                    HumanText.value(value, of: field),
                    label: field.name == "prompt.text" ? "›" : "‹",
                    indent: 9, width: width)
            }
        }
        let count = HumanText.count(answer.coverage.matched)
        lines.append(
            "\(count) traces · "
                + HumanText.range(answer.coverage.range, answer.coverage, zone: zone))
        lines += answer.coverage.hints
        return DisplayWidth.page(lines)
    }

    private func cell(_ field: Field, _ trace: TraceSummary) -> String {
        if field == Field("start_time") { return HumanText.time(trace.start, zone: zone) }
        if field == Field("duration") {
            return HumanText.duration(milliseconds: Double(trace.duration) / 1e6)
        }
        let texts = values.values(of: field, trace).map { HumanText.value($0, of: field) }
        return texts.isEmpty ? HumanText.none : texts.joined(separator: ",")
    }
}

/// A long text in few lines, which say how much they leave out.
enum ExcerptText {
    /// So many lines at most.
    private static let linesMax = 3

    static func lines(_ text: String, label: String, indent: Int, width: Int) -> [String] {
        let room = max(20, width - indent - label.count - 1)
        var rest = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")[...]
        var lines: [String] = []
        while !rest.isEmpty, lines.count < linesMax {
            var line = DisplayWidth.prefix(rest, columns: room)
            // A line breaks at a space, if there is one in its second half.
            if line.count < rest.count, let space = line.lastIndex(of: " "),
                DisplayWidth.of(String(line[..<space])) > room / 2
            {
                line = line[..<space]
            }
            lines.append(String(line))
            rest = rest[line.endIndex...].drop { $0 == " " }
        }
        if !rest.isEmpty, let last = lines.popLast() {
            lines.append(last + " … (\(HumanText.count(rest.count)) more characters)")
        }
        let pad = String(repeating: " ", count: indent)
        return lines.enumerated().map { index, line in
            pad + (index == 0 ? label : String(repeating: " ", count: label.count)) + " " + line
        }
    }
}
