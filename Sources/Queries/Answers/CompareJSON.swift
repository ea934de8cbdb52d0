internal import JSON
internal import Spans
package import Store

extension CompareRequest {
    /// The answer as bytes, in the format that was asked for.
    package func body(_ answer: CompareAnswer) -> [UInt8] {
        switch format {
        case .json: json(answer)
        case .text: CompareText(self, answer).bytes
        case .rows, .ndjson, .csv:
            format.body(
                shown(answer).findings.map { FlatRow(cells: cells($0, answer)) },
                names: Self.columnNames)
        }
    }

    // MARK: JSON

    private func json(_ answer: CompareAnswer) -> [UInt8] {
        var json = JSONWriter()
        let (findings, count) = shown(answer)
        json.object { json in
            json.member("target", answer.target)
            json.member("baseline", answer.baseline)
            json.member("explained", answer.explained)
            json.member("unexplained", answer.explained.map { 1 - $0 })
            json.key("findings")
            json.array { json in
                for finding in findings {
                    json.newline()
                    write(finding, answer, &json)
                }
            }
            json.newline()
            json.member("count", count)
            json.member("hypotheses_tested", answer.hypotheses)
            json.key("conjunction_target_min")
            if let least = answer.conjunctionLeast { json.value(least) } else { json.null() }
            json.key("excluded")
            json.array { json in
                for dimension in answer.excluded {
                    json.object { json in
                        json.member("dimension", dimension.field.description)
                        json.member("reason", dimension.reason)
                    }
                }
            }
            json.key("where")
            if let condition = query.condition {
                json.value(condition.description)
            } else {
                json.null()
            }
            json.member("failure", query.failure.description)
            json.member("unit", query.unit.rawValue)
            json.key("cohorts")
            json.object { json in
                json.member("target", query.target.description)
                json.key("baseline")
                if let baseline = query.baseline {
                    json.value(baseline.description)
                } else {
                    json.null()
                }
            }
            if let before = query.before {
                json.key("vs")
                json.object { json in
                    json.time("from", before.from)
                    json.time("to", before.to)
                }
            }
            json.key("coverage")
            answer.coverage.write(&json)
        }
        json.newline()
        return json.bytes
    }

    private func write(_ finding: Finding, _ answer: CompareAnswer, _ json: inout JSONWriter) {
        json.object { json in
            json.key("slice")
            json.slice(finding.slice)
            json.member("where", RowExpression.of(finding.slice, query))
            json.member("text", FindingText(query, answer).sentence(finding.slice, finding.figures))
            json.figures(finding.figures, targets: answer.target)
            json.time("first_seen", finding.firstSeen)
            json.time("last_seen", finding.lastSeen)
            json.key("onset")
            if let onset = finding.onset { json.onset(onset) } else { json.null() }
            json.key("traces")
            json.array { json in
                for id in finding.exampleIDs { json.value(id) }
            }
            json.key("also")
            json.array { json in
                for slice in finding.also { json.slice(slice) }
            }
        }
    }

    // MARK: Flat

    private static let columnNames =
        ["slice", "where", "text"] + FindingFigure.allCases.map(\.rawValue)
        + ["first_seen", "last_seen", "onset", "traces", "also"]

    private func cells(_ finding: Finding, _ answer: CompareAnswer) -> [FlatRow.Cell] {
        var cells: [FlatRow.Cell] = [
            .init("slice", .text(FindingText.slice(finding.slice, query))),
            .init("where", .text(RowExpression.of(finding.slice, query))),
            .init(
                "text", .text(FindingText(query, answer).sentence(finding.slice, finding.figures))),
        ]
        cells += FlatRow.cells(finding.figures, targets: answer.target)
        cells += [
            .init("first_seen", .time(finding.firstSeen)),
            .init("last_seen", .time(finding.lastSeen)),
            .init(
                "onset", finding.onset.map { .time($0.time) } ?? .group(.null, Field("onset"))),
            .init("traces", .texts(finding.exampleIDs)),
            .init("also", .texts(finding.also.map { FindingText.slice($0, query) })),
        ]
        return cells
    }
}

extension Finding {
    var exampleIDs: [String] { examples.map { Hex.text(traceID: $0.traceID) } }
}
