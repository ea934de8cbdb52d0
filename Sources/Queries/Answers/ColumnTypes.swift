internal import JSON
internal import Store

/// Whether the columns of flat rows are text.
///
/// Grafana and the like give a column the type of one of its values, and know none that are nested. So a column
/// whose values differ in type is text in every row, and what is nested becomes text too, as CSV has it.
struct ColumnTypes {
    private let isText: [Bool]

    init(_ rows: [FlatRow]) {
        var types = rows.first.map { $0.cells.map { _ in Set<FlatRow.Content.CellType>() } } ?? []
        for row in rows {
            for (column, cell) in row.cells.enumerated() {
                if let type = cell.content.type { types[column].insert(type) }
            }
        }
        isText = types.map { $0.count > 1 || $0.contains(.text) }
    }

    fileprivate func isText(_ column: Int) -> Bool { isText[column] }
}

extension FlatRow {
    func write(_ types: ColumnTypes, _ json: inout JSONWriter) {
        json.object { json in
            for (column, cell) in cells.enumerated() {
                json.key(cell.name)
                if cell.content.type == nil {
                    json.null()
                } else if types.isText(column) {
                    json.value(CSV.text(cell.content))
                } else {
                    json.value(cell.content)
                }
            }
        }
    }
}

extension FlatRow.Content {
    fileprivate enum CellType { case number, boolean, text }

    /// nil where there is no value.
    fileprivate var type: CellType? {
        switch self {
        case .text, .time: .text
        case .flag: .boolean
        case .texts(let texts): texts.isEmpty ? nil : .text
        case .group(let value, let field): Self.type(value, field)
        case .values(let values, let field):
            values.count > 1 ? .text : values.first.flatMap { Self.type($0, field) }
        case .figure(let value, _):
            switch value {
            case .none: nil
            case .integer: .number
            case .double(let number): number.isFinite ? .number : nil
            case .time, .histogram: .text
            }
        }
    }

    private static func type(_ value: GroupValue, _ field: Field) -> CellType? {
        switch value {
        case .null: nil
        case .integer: field.isIntrinsic("start_time") ? .text : .number
        // JSON has no NaN and no infinity.
        case .double(let number): number.isFinite ? .number : nil
        case .boolean: .boolean
        case .text, .bytes, .json: .text
        }
    }
}

extension [Field] {
    /// A column's name for each. One that is called like a fixed column is spelled in full, `attr("count")`.
    func columnNames(beside fixed: [String] = []) -> [String] {
        var taken = Set(fixed)
        return map { field in
            var name = field.description
            if taken.contains(name) { name = Field(field.name, scope: .attribute).description }
            while !taken.insert(name).inserted { name += "_" }
            return name
        }
    }
}
