internal import Store

/// A list of traces or spans for a terminal: a line each, its texts below it.
struct ListText {
    private let request: ListRequest
    private let rows: ListRows
    private let coverage: Coverage

    init(_ request: ListRequest, _ answer: ListAnswer) {
        self.request = request
        rows = ListRows(request, answer)
        coverage = answer.coverage
    }

    private static let texts: Set<String> = ["prompt.text", "output.text"]

    var bytes: [UInt8] {
        let columns = rows.fields.filter { !Self.texts.contains($0.name) }
        var table = TextTable(
            [.init(title: "TRACE", isRightAligned: false)]
                + columns.map {
                    .init(title: $0.description.uppercased(), isRightAligned: isNumeric($0))
                })
        for row in 0..<rows.count {
            table.add([String(rows.traceID(row).prefix(8))] + columns.map { cell($0, row) })
        }
        let tableLines = table.lines(width: request.width)
        var lines = [tableLines[0]]
        for (row, line) in tableLines.dropFirst().enumerated() {
            lines.append(line)
            lines += excerpts(row)
        }
        let unit = request.query.unit == .trace ? "traces" : "spans"
        lines.append(
            "\(HumanText.count(coverage.matched)) \(unit) · "
                + HumanText.range(coverage.range, coverage, zone: request.zone))
        lines += coverage.hints(zone: request.zone)
        return DisplayWidth.page(lines)
    }

    /// Whether a column holds nothing but numbers.
    private func isNumeric(_ field: Field) -> Bool {
        if field.name == "start_time" { return false }
        let values = (0..<rows.count).flatMap { rows.values(of: field, $0) }
        return !values.isEmpty
            && values.allSatisfy { value in
                switch value {
                case .integer, .double: true
                default: false
                }
            }
    }

    private func cell(_ field: Field, _ row: Int) -> String {
        let texts = rows.values(of: field, row).map { value in
            if case .integer(let time) = value, field.isIntrinsic("start_time") {
                return HumanText.time(time, zone: request.zone)
            }
            return HumanText.value(value, of: field)
        }
        return texts.isEmpty ? HumanText.none : texts.joined(separator: ",")
    }

    private func excerpts(_ row: Int) -> [String] {
        rows.fields.filter { Self.texts.contains($0.name) }.flatMap { field -> [String] in
            guard let value = rows.values(of: field, row).first else { return [] }
            return ExcerptText.lines(
                HumanText.value(value, of: field),
                label: field.name == "prompt.text" ? "›" : "‹",
                indent: 9, width: request.width)
        }
    }
}
