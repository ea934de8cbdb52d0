internal import Dimensions
internal import Spans
internal import Store

/// Dimensions that follow from all spans of a trace: how many, how deep, which tools in which order.
/// Each span of a trace reads the trace's value.
struct TraceDimensions {
    let fields: FieldResolver
    private var frame: any Frame { fields.frame }

    /// Sequences are cut after so many steps, as docs/API.md says.
    static let stepsMax = 64

    /// Those of which a trace has one number.
    static let names: Set<String> = ["trace.spans", "trace.depth", "tool.count", "llm.calls"]

    /// Whether all spans of each trace have the same of a field.
    func isShared(_ field: Field) -> Bool {
        guard field.scope == .any else { return false }
        switch field.name {
        // Unless some span came with a sequence of its own.
        case "tool.sequence", "tool.pair":
            return DimensionTable.standard["tool.sequence"].map {
                !frame.keySet.sources.hasPlaces($0)
            } ?? true
        default: return Self.names.contains(field.name)
        }
    }

    func resolve(_ name: String) throws -> ResolvedField? {
        switch name {
        case "trace.spans": return numbers(\.count)
        case "trace.depth":
            let parents = try frame.parentRows()
            return numbers { depth($0, parents) }
        case "tool.count": return try counts(ofKinds: ["tool"])
        case "llm.calls": return try counts(ofKinds: ModelCalls.kinds)
        case "tool.pair": return try pairs()
        default: return nil
        }
    }

    /// What was sent stays; traces in which no span has a sequence get the one of their tool spans.
    func completeSequences(_ sent: ResolvedField) throws -> ResolvedField {
        let tool = try fields.resolve(Field("tool"), forComparison: false)
        let isTool = try spans(ofKinds: ["tool"])
        let ids = try frame.numbers(SpanField.spanID)
        let starts = try fields.starts(.span).starts
        // Nobody sends a sequence as a list; if so, it stays.
        guard sent.lists == nil else { return sent }
        var codes = sent.codes.expanded
        var values = sent.values
        for trace in 0..<frame.traceCount {
            let rows = frame.rows(of: trace)
            if rows.contains(where: { sent.codes[$0] != 0 }) { continue }
            var steps: [(start: Int64, name: String, id: UInt64)] = []
            for row in rows where isTool[row] && tool.codes[row] != 0 {
                guard case .text(let name) = tool.firstValue(of: tool.codes[row]) else { continue }
                steps.append((starts[row], name, ids[row]))
            }
            if steps.isEmpty { continue }
            steps.sort { $0 < $1 }
            let text = steps.prefix(Self.stepsMax).map(\.name).joined(separator: ">")
            let code = values.code(.text(text))
            for row in rows { codes[row] = code }
        }
        return ResolvedField(codes: codes, values: values, lists: nil)
    }

    private func pairs() throws -> ResolvedField {
        let sequence = try fields.resolve(Field("tool.sequence"), forComparison: false)
        var builder = FieldBuilder(rowCount: frame.spanCount)
        builder.add(sequence) { code, add in
            var first: UInt32?
            sequence.forEachValue(of: code) { first = first ?? $0 }
            guard let first else { return }
            sequence.values.withText(first) { Self.visitPairs($0, add) }
        }
        return builder.finished()
    }

    /// Visits each step of a sequence with the next, as they stand in it.
    private static func visitPairs(
        _ text: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void
    ) {
        let separator = UInt8(ascii: ">")
        var start = 0
        var middle: Int?
        for at in 0...text.count where at == text.count || text[at] == separator {
            if middle != nil { body(UnsafeRawBufferPointer(rebasing: text[start..<at])) }
            if let middle { start = middle + 1 }
            middle = at
        }
    }

    private func spans(ofKinds kinds: Set<String>) throws -> [Bool] {
        let kind = try fields.resolve(Field("operation.kind"), forComparison: false)
        let wanted = (0..<UInt32(kind.codeCount)).map { code in
            if case .text(let name) = kind.firstValue(of: code) {
                kinds.contains(name)
            } else {
                false
            }
        }
        return kind.codes.looked(upIn: wanted)
    }

    private func counts(ofKinds kinds: Set<String>) throws -> ResolvedField {
        let isCounted = try spans(ofKinds: kinds)
        return numbers { rows in rows.count { isCounted[$0] } }
    }

    /// How many spans lie on the longest way down; a root alone is 1.
    private func depth(_ rows: Range<Int>, _ parents: [Int32]) -> Int {
        var depths = [Int](repeating: 0, count: rows.count)
        var deepest = 0
        for row in rows {
            let parent = Int(parents[row])
            // Parents mostly come first, since they begin first.
            if parent >= row { return depthInAnyOrder(rows, parents) }
            let depth = parent < 0 ? 1 : depths[parent - rows.lowerBound] + 1
            depths[row - rows.lowerBound] = depth
            deepest = max(deepest, depth)
        }
        return deepest
    }

    private func depthInAnyOrder(_ rows: Range<Int>, _ parents: [Int32]) -> Int {
        var depths = [Int](repeating: 0, count: rows.count)
        for row in rows where depths[row - rows.lowerBound] == 0 {
            var path: [Int] = []
            var at = row
            // A row is marked on the way down, so that a cycle of parents ends.
            while at >= 0, depths[at - rows.lowerBound] == 0 {
                depths[at - rows.lowerBound] = -1
                path.append(at)
                at = Int(parents[at])
            }
            var depth = at >= 0 ? max(0, depths[at - rows.lowerBound]) : 0
            for visited in path.reversed() {
                depth += 1
                depths[visited - rows.lowerBound] = depth
            }
        }
        return depths.max() ?? 0
    }

    /// - Parameter value: of a trace, by its rows.
    private func numbers(_ value: (Range<Int>) -> Int) -> ResolvedField {
        var table = ValueTable()
        // Nearly all are small.
        var known = [UInt32](repeating: 0, count: 256)
        var codes = [UInt32](repeating: 0, count: frame.spanCount)
        frame.visitTraces { _, rows in
            let number = value(rows)
            let code: UInt32
            if number >= 0, number < known.count {
                if known[number] == 0 { known[number] = table.code(integer: Int64(number)) }
                code = known[number]
            } else {
                code = table.code(integer: Int64(number))
            }
            for row in rows { codes[row] = code }
        }
        return ResolvedField(codes: codes, values: table, lists: nil)
    }
}
