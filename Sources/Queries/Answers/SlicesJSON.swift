internal import JSON
internal import Spans
package import Store

extension SlicesRequest {
    /// The answer as bytes, in the format that was asked for.
    package func body(_ answer: SliceAnswer) -> [UInt8] {
        switch format {
        case .json: json(answer)
        case .text: SlicesText(self, answer).bytes
        case .rows, .ndjson, .csv: format.body(flatRows(answer), names: flatNames(answer))
        }
    }

    private func figures(_ answer: SliceAnswer) -> FigureRows {
        FigureRows(query.figures, query.plan, total: answer.total)
    }

    // MARK: JSON

    private func json(_ answer: SliceAnswer) -> [UInt8] {
        let figures = figures(answer)
        var json = JSONWriter()
        json.object { json in
            query.write(&json)
            json.key("rows")
            json.array { json in
                for row in answer.rows {
                    json.newline()
                    json.object { json in
                        query.writeSlice(row.key, &json)
                        json.member("where", RowExpression.of(row.key, query))
                        figures.write(row.figures.now, before: row.figures.before, &json)
                        json.key("traces")
                        json.array { json in
                            for id in row.exampleIDs { json.value(id) }
                        }
                    }
                }
            }
            json.newline()
            json.key("total")
            json.object { figures.write(answer.total.now, before: answer.total.before, &$0) }
            json.key("other")
            if let other = answer.other {
                json.object { figures.write(other.now, before: other.before, &$0) }
            } else {
                json.null()
            }
            json.member("groups", answer.groups)
            json.member("failing_groups", answer.failingGroups)
            json.key("coverage")
            answer.coverage.write(&json)
        }
        json.newline()
        return json.bytes
    }

    // MARK: Flat

    private func flatNames(_ answer: SliceAnswer) -> [String] {
        let figures = figures(answer).columnNames
        return query.by.columnNames(beside: figures + ["where", "traces"])
            + ["where"] + figures + ["traces"]
    }

    private func flatRows(_ answer: SliceAnswer) -> [FlatRow] {
        let figures = figures(answer)
        let names = flatNames(answer)
        return answer.rows.map { row in
            var cells: [FlatRow.Cell] = zip(names, zip(query.by, row.key)).map {
                .init($0, .group($1.1, $1.0))
            }
            cells.append(.init("where", .text(RowExpression.of(row.key, query))))
            cells += figures.cells(row.figures.now, before: row.figures.before)
            cells.append(.init("traces", .texts(row.exampleIDs)))
            return FlatRow(cells: cells)
        }
    }
}

extension SliceRow {
    var exampleIDs: [String] { figures.now.examples.map { Hex.text(traceID: $0.traceID) } }
}

extension SliceQuery {
    /// The question, as the answer repeats it.
    func write(_ json: inout JSONWriter) {
        json.key("by")
        json.array { json in
            for field in by { json.value(field.description) }
        }
        json.member("unit", unit.rawValue)
        json.member("failure", failure.description)
        json.key("where")
        if let condition { json.value(condition.description) } else { json.null() }
        if let before {
            json.key("vs")
            json.object { json in
                json.time("from", before.from)
                json.time("to", before.to)
            }
        }
    }

    func writeSlice(_ key: [GroupValue], _ json: inout JSONWriter) {
        json.key("slice")
        json.object { json in
            for (field, value) in zip(by, key) {
                json.key(field.description)
                json.value(value, of: field)
            }
        }
    }
}
