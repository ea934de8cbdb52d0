internal import JSON
internal import Spans
package import Store

extension FindingsRequest {
    /// The answer as bytes, in the format that was asked for.
    ///
    /// - Parameters:
    ///   - report: nil where nothing watches.
    ///   - coverage: what the last look rests on.
    package func body(
        _ page: FindingsPage, _ report: WatchReport?, _ coverage: Coverage
    ) -> [UInt8] {
        switch format {
        case .json: json(page, report, coverage)
        case .text: FindingsText(self, page, report).bytes
        case .rows, .ndjson, .csv:
            format.body(
                page.findings.map { FlatRow(cells: $0.cells) }, names: StandingFinding.columnNames)
        }
    }

    private func json(
        _ page: FindingsPage, _ report: WatchReport?, _ coverage: Coverage
    ) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.key("findings")
            json.array { json in
                for finding in page.findings {
                    json.newline()
                    finding.write(&json)
                }
            }
            json.newline()
            json.member("count", page.count)
            json.member("open", page.open)
            json.key("watch")
            if let report { report.write(&json) } else { json.null() }
            json.key("coverage")
            coverage.write(&json)
        }
        json.newline()
        return json.bytes
    }
}

extension FindingEvent {
    /// What a webhook is sent: `text` for whatever shows a line (Slack and Mattermost do), and the finding as `/v1/findings` has it, but
    /// for its history and other names, of which there may be many.
    package var json: [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("event", change.kind.rawValue)
            json.member("id", id)
            json.time("time", change.time)
            json.member("text", "\(change.kind.rawValue): \(finding.sentence)")
            json.key("finding")
            json.object { finding.writeHead(&$0) }
        }
        return json.bytes
    }
}

extension StandingFinding {
    func write(_ json: inout JSONWriter) {
        json.object { json in
            writeHead(&json)
            json.key("also")
            json.array { json in
                for slice in also { json.slice(slice) }
            }
            json.key("changes")
            json.array { json in
                for change in changes {
                    json.object { json in
                        json.time("time", change.time)
                        json.member("change", change.kind.rawValue)
                    }
                }
            }
            json.key("history")
            json.array { json in
                for sighting in sightings { json.object { $0.sighting(sighting) } }
            }
        }
    }

    /// Members of an object: what is so now.
    fileprivate func writeHead(_ json: inout JSONWriter) {
        json.member("id", id)
        json.member("state", state)
        json.time("opened", opened)
        json.time("resolved", resolved)
        json.time("last_seen", latest?.to)
        json.key("slice")
        json.slice(slice)
        json.member("where", condition)
        json.member("text", sentence)
        json.member("failure", failure)
        if let latest { json.sighting(latest) }
        json.key("onset")
        if let onset { json.onset(onset) } else { json.null() }
        json.key("traces")
        json.array { json in
            for id in examples { json.value(Hex.text(traceID: id)) }
        }
    }
}

extension JSONWriter {
    /// Members of an object.
    fileprivate mutating func sighting(_ sighting: Sighting) {
        key("window")
        object { json in
            json.time("from", sighting.from)
            json.time("to", sighting.to)
        }
        member("question", sighting.question.rawValue)
        figures(sighting.figures, targets: sighting.failures)
    }
}

extension WatchReport {
    fileprivate func write(_ json: inout JSONWriter) {
        json.object { json in
            json.member("window_s", windowSeconds)
            json.member("every_s", everySeconds)
            json.member("unit", Unit.trace.rawValue)
            json.member("failure", failure)
            json.member("having", having)
            json.member("runs", runs)
            json.member("failed_runs", failedRuns)
            json.key("last")
            if let last { last.write(&json) } else { json.null() }
        }
    }
}

extension WatchReport.Run {
    fileprivate func write(_ json: inout JSONWriter) {
        json.object { json in
            json.time("from", from)
            json.time("to", to)
            json.member("took_s", (seconds * 1000).rounded() / 1000)
            json.key("error")
            if let error { json.value(error) } else { json.null() }
        }
    }
}

extension StandingFinding {
    fileprivate static let columnNames =
        [
            "id", "state", "opened", "resolved", "last_seen", "where", "text", "question",
        ] + ["target", "baseline"] + FindingFigure.derived.map(\.rawValue) + [
            "onset", "traces", "also",
        ]

    fileprivate var cells: [FlatRow.Cell] {
        func time(_ name: String, _ time: Int64?) -> FlatRow.Cell {
            .init(name, time.map { .time($0) } ?? .group(.null, Field(name)))
        }
        var cells: [FlatRow.Cell] = [
            .init("id", .text(id)), .init("state", .text(state)), time("opened", opened),
            time("resolved", resolved), time("last_seen", latest?.to),
            .init("where", .text(condition)), .init("text", .text(sentence)),
        ]
        if let latest {
            cells.append(.init("question", .text(latest.question.rawValue)))
            cells += FlatRow.cells(latest.figures, targets: latest.failures)
        }
        cells += [
            time("onset", onset?.time),
            .init("traces", .texts(examples.map { Hex.text(traceID: $0) })),
            .init("also", .texts(names)),
        ]
        return cells
    }
}
