internal import Spans
internal import Store

/// Finds `score.NAME` and `score.NAME.label` for the rows of one frame. A score of a whole trace is on
/// its root span, or on its earliest as long as there is no root.
struct ScoreFields {
    private let fields: FieldResolver
    private var frame: any Frame { fields.frame }

    init(_ fields: FieldResolver) {
        self.fields = fields
    }

    /// nil if the field is no score: no score has this name.
    func resolve(_ field: Field) throws -> ResolvedField? {
        guard field.scope == .any || field.scope == .root, field.name.hasPrefix("score."),
            let scores = fields.control.scores
        else { return nil }
        let name = String(field.name.dropFirst("score.".count))
        if scores.has(name) {
            return try values(of: scores.index(of: name)) { entry in
                entry.value.map { .double($0) } ?? entry.label.map { .text($0) }
            }
        }
        guard name.hasSuffix(".label"), scores.has(String(name.dropLast(".label".count))) else {
            return nil
        }
        let index = try scores.index(of: String(name.dropLast(".label".count)))
        return try values(of: index) { $0.label.map { .text($0) } }
    }

    private func values(
        of index: ScoreIndex, _ value: (ScoreIndex.Entry) -> GroupValue?
    ) throws -> ResolvedField {
        var found: [Int: [GroupValue]] = [:]
        if !index.byTrace.isEmpty { try addByTrace(index, value, &found) }
        if !index.byResponse.isEmpty {
            for (row, id) in try ResponseIDs.rows(of: frame).sorted(by: { $0.key < $1.key }) {
                for entry in index.byResponse[id] ?? [] {
                    if let value = value(entry) { found[row, default: []].append(value) }
                }
            }
        }
        var builder = FieldBuilder(rowCount: frame.spanCount)
        for (row, values) in found.sorted(by: { $0.key < $1.key }) { builder.add(values, row: row) }
        return builder.finished()
    }

    private func addByTrace(
        _ index: ScoreIndex, _ value: (ScoreIndex.Entry) -> GroupValue?,
        _ found: inout [Int: [GroupValue]]
    ) throws {
        guard let traceIDs = try frame.field(SpanField.traceID) else { return }
        let spanIDs = try frame.numbers(SpanField.spanID)
        let rootRows = try fields.traceTimes().rootRows
        for trace in 0..<frame.traceCount {
            let rows = frame.rows(of: trace)
            let id = traceIDs.strings.withValue(Int(traceIDs.codes[rows.lowerBound])) { bytes in
                bytes.reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
            }
            for entry in index.byTrace[id] ?? [] {
                guard let value = value(entry) else { continue }
                if entry.spanID == 0 {
                    let root = Int(rootRows[trace])
                    found[root >= 0 ? root : rows.lowerBound, default: []].append(value)
                } else {
                    for row in rows where spanIDs[row] == entry.spanID {
                        found[row, default: []].append(value)
                    }
                }
            }
        }
    }
}

/// Where spans keep the id of the model's response: the first of these keys.
enum ResponseIDs {
    static let keys = ["gen_ai.response.id", "llm.response.id", "ai.response.id"]

    static func rows(of frame: any Frame) throws -> [Int: String] {
        var found: [Int: String] = [:]
        for name in keys {
            let key = ColumnKey(.span, .attribute, name, .string)
            guard frame.keys.contains(key), let column = try frame.column(key, withTexts: true)
            else { continue }
            column.presence.visit { row, entry in
                if found[row] == nil {
                    found[row] = column.strings.string(Int(column.codes[entry]))
                }
            }
        }
        return found
    }

    static func all(in batch: SpanBatch) -> Set<String> {
        var ids: Set<String> = []
        for row in 0..<batch.count {
            let attributes = batch.spans.attributes(row)
            for key in keys {
                guard case .string(let id)? = attributes.first(where: { $0.key == key })?.value
                else { continue }
                ids.insert(id)
                break
            }
        }
        return ids
    }
}
