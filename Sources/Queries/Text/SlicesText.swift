internal import Spans
internal import Store

/// The answer of `/v1/slices` as a table.
struct SlicesText {
    private let request: SlicesRequest
    private let answer: SliceAnswer
    private let figures: FigureRows
    private var query: SliceQuery { request.query }

    init(_ request: SlicesRequest, _ answer: SliceAnswer) {
        self.request = request
        self.answer = answer
        figures = FigureRows(request.query.figures, request.query.plan, total: answer.total)
    }

    var bytes: [UInt8] {
        var lines = [
            HeaderText.of(query, answer, zone: request.zone)
        ]
        var table = TextTable(columns)
        for row in answer.rows {
            table.add(
                cells(row.figures)
                    + [row.exampleIDs.first.map { String($0.prefix(8)) } ?? ""]
                    + zip(query.by, row.key).map { HumanText.value($1, of: $0) })
        }
        if let other = answer.other {
            let label = "other (\(HumanText.count(answer.groups - answer.rows.count)))"
            let empty = [String](repeating: "", count: max(0, query.by.count - 1))
            table.add(cells(other) + [""] + [label] + empty)
        }
        lines += table.lines(width: request.width)
        lines += answer.coverage.hints(zone: request.zone)
        return DisplayWidth.page(lines)
    }

    /// Without `calc` a row shows what a person looks for first.
    private var isStandard: Bool { query.figures == NamedFigure.standard }

    private var columns: [TextTable.Column] {
        var columns: [TextTable.Column] = []
        if isStandard {
            columns += [.init(title: "FAILED"), .init(title: "COUNT"), .init(title: "RATE")]
            if figures.hasBefore { columns += [.init(title: "BEFORE"), .init(title: "P")] }
            columns += [
                .init(title: "95 %", sacrifice: 4), .init(title: "SHARE", sacrifice: 3),
                .init(title: "P95", sacrifice: 1), .init(title: "COST", sacrifice: 5),
            ]
        } else {
            columns += FigureColumns(figures).columns
        }
        if FigureColumns(figures).areOfFailures {
            columns.append(.init(title: "TREND", isRightAligned: false, sacrifice: 2))
        }
        columns.append(.init(title: "TRACE", isRightAligned: false))
        return columns
            + query.by.map { .init(title: $0.description.uppercased(), isRightAligned: false) }
    }

    private func cells(_ row: RowFigures) -> [String] {
        var cells: [String] = []
        let now = row.now
        func text(_ figure: Figure) -> String {
            HumanText.value(figures.value(figure, now, before: row.before), of: figure)
        }
        if isStandard {
            cells = [text(.failures), text(.count), text(.failureRate)]
            if figures.hasBefore {
                cells += [HumanText.percent(row.before?.failureRate), text(.pValue)]
            }
            cells += [
                HumanText.interval(now.failureInterval), text(.share),
                text(.aggregate(.percentile(95), Field("duration"))),
                // What is not known is not nothing.
                now.unpricedCalls > 0 && now.cost.value == 0
                    ? HumanText.none : text(.aggregate(.sum, Field("cost"))),
            ]
        } else {
            let before = row.before ?? SliceFigures(query.plan)
            cells = FigureColumns(figures).cells(now, before: before)
        }
        guard FigureColumns(figures).areOfFailures else { return cells }
        return cells + [HumanText.sparkLine(row.steps.map(\.failures))]
    }
}

/// What was asked, in one line.
enum HeaderText {
    static func of(_ query: SliceQuery, _ answer: SliceAnswer, zone: String) -> String {
        var parts: [String] = []
        if !query.by.isEmpty {
            parts.append("by " + query.by.map(\.description).joined(separator: ", "))
        }
        parts.append("unit=\(query.unit.rawValue)")
        if let condition = query.condition { parts.append("where \(condition)") }
        parts.append("failed: \(query.failure)")
        parts.append(HumanText.range(query.range, answer.coverage, zone: zone))
        if let before = query.before {
            parts.append("before: " + HumanText.range(before, answer.coverage, zone: zone))
        }
        return parts.joined(separator: " · ")
    }
}

extension Coverage {
    /// Why nothing was found, for a terminal.
    func hints(zone: String) -> [String] {
        if matched == 0, let oldest, let newest, !range.overlaps(oldest, newest) {
            let held = HumanText.range(
                TimeRange(from: oldest, to: newest), self, zone: zone)
            return ["nothing begins in this range; the spans held are of \(held)"]
        }
        return conditions.map { condition in
            // What holds for some spans was hardly mistyped.
            let closest = condition.spans > 0 ? [] : condition.closest.prefix(3)
            let hint = closest.isEmpty ? "" : "; close to it: " + closest.joined(separator: ", ")
            return "\(condition.text) holds for \(HumanText.count(condition.spans)) spans\(hint)"
        }
    }
}
