internal import JSON
internal import Spans
internal import Store

/// A row as spreadsheets and Grafana take it. All rows of an answer have the same names in the same order.
struct FlatRow {
    enum Content {
        case group(GroupValue, Field)
        case values([GroupValue], Field)
        case figure(FigureValue, Figure)
        case text(String)
        case texts([String])
        /// Unix nanoseconds.
        case time(Int64)
        case flag(Bool)
    }

    struct Cell {
        let name: String
        let content: Content

        init(_ name: String, _ content: Content) {
            self.name = name
            self.content = content
        }
    }

    var cells: [Cell]

    func write(_ json: inout JSONWriter) {
        json.object { json in
            for cell in cells {
                json.key(cell.name)
                json.value(cell.content)
            }
        }
    }
}

extension RowFormat {
    /// The rows in one of the flat formats.
    ///
    /// - Parameter names: of the columns, for a table without rows.
    func body(_ rows: [FlatRow], names: [String]) -> [UInt8] {
        switch self {
        case .csv:
            var text = CSV.line(names)
            for row in rows { text += CSV.line(row.cells.map { CSV.text($0.content) }) }
            return Array(text.utf8)
        case .ndjson:
            var bytes: [UInt8] = []
            let types = ColumnTypes(rows)
            for row in rows {
                var json = JSONWriter()
                row.write(types, &json)
                bytes += json.bytes
                bytes.append(10)
            }
            return bytes
        case .rows, .json, .text:
            let types = ColumnTypes(rows)
            var json = JSONWriter()
            json.array { json in
                for row in rows {
                    json.newline()
                    row.write(types, &json)
                }
            }
            json.newline()
            return json.bytes
        }
    }
}

extension JSONWriter {
    mutating func value(_ content: FlatRow.Content) {
        switch content {
        case .group(let value, let field): self.value(value, of: field)
        case .values(let values, let field): value(values, of: field)
        case .figure(let value, let figure): self.value(value, of: figure)
        case .text(let text): value(text)
        case .time(let time): value(Timestamp.text(time))
        case .flag(let flag): value(flag)
        case .texts(let texts):
            array { json in
                for text in texts { json.value(text) }
            }
        }
    }
}

/// Comma-separated values (RFC 4180).
enum CSV {
    static func line(_ cells: [String]) -> String {
        cells.map(quoted).joined(separator: ",") + "\r\n"
    }

    private static func quoted(_ text: String) -> String {
        guard text.utf8.contains(where: { [34, 44, 10, 13].contains($0) }) else { return text }
        return "\"" + text.replacing("\"", with: "\"\"") + "\""
    }

    /// A cell's text: nothing for null, ids separated by spaces, JSON for what is nested.
    static func text(_ content: FlatRow.Content) -> String {
        switch content {
        case .text(let text), .group(.text(let text), _): return text
        case .values(let values, _) where values.count == 1:
            if case .text(let text) = values[0] { return text }
        case .texts(let texts): return texts.joined(separator: " ")
        default: break
        }
        var json = JSONWriter()
        json.value(content)
        let text = String(decoding: json.bytes, as: UTF8.self)
        if text == "null" { return "" }
        // A time is text in JSON.
        return text.hasPrefix("\"") ? String(text.dropFirst().dropLast()) : text
    }
}
