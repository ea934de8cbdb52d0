internal import Spans
internal import Store

/// The leaf model calls of a frame, over which tokens and cost are summed: a call counts unless another
/// call with usage lies below it, since wrappers repeat the sum of what they wrap. Of the spans of one response,
/// by its id, some know the cost alone: then it is the counted call's.
struct ModelCalls: MemorySized {
    /// Rows, ascending.
    private(set) var rows: [UInt32] = []
    private(set) var tokensIn = TokenCounts([])
    private(set) var tokensOut = TokenCounts([])
    /// US dollars: as sent, else by the price table; NaN where neither says. Empty if neither says so of any call.
    private var costs: [Double] = []
    /// Whether a cost is by the price table. Empty if none is.
    private var areEstimated: [Bool] = []

    var byteCount: Int {
        rows.count * 4 + tokensIn.byteCount + tokensOut.byteCount + costs.count * 8
            + areEstimated.count
    }

    /// US dollars, as sent or by the price table; NaN where neither says.
    @inline(__always)
    func cost(_ call: Int) -> Double { costs.isEmpty ? .nan : costs[call] }

    @inline(__always)
    func isEstimated(_ call: Int) -> Bool { !areEstimated.isEmpty && areEstimated[call] }

    static let kinds: Set<String> = ["chat", "completion", "embeddings", "rerank"]

    static func of(_ fields: FieldResolver) throws -> ModelCalls {
        try fields.frame.derived("model calls") { try ModelCalls(fields.keepingNothing()) }
    }

    private init(_ fields: FieldResolver) throws {
        func resolve(_ name: String) throws -> ResolvedField {
            try fields.resolve(Field(name), forComparison: false)
        }
        let kind = try resolve("operation.kind")
        let isCallKind = (0...UInt32(kind.values.count)).map { code in
            if case .text(let name) = kind.values.value(code) {
                Self.kinds.contains(name)
            } else {
                false
            }
        }
        let inputs = try resolve("tokens.input")
        let outputs = try resolve("tokens.output")
        let costs = try resolve("cost")
        let inputOf = Self.numbers(inputs)
        let outputOf = Self.numbers(outputs)
        let costOf = Self.numbers(costs)
        let count = kind.codes.count
        var isCall = [Bool](repeating: false, count: count)
        var hasUsage = isCall
        for row in 0..<count where isCallKind[Int(kind.codes[row])] {
            isCall[row] = true
            hasUsage[row] =
                inputs.codes[row] != 0 || outputs.codes[row] != 0 || costs.codes[row] != 0
        }
        let wraps = Self.rowsAbove(hasUsage, try fields.frame.parentRows())
        let wrapperCosts = try wrapperCosts(fields.frame, isCall, wraps) {
            costOf[Int(costs.codes[$0])]
        }
        var estimator = try fields.control.prices.map { try CostEstimator($0, fields) }
        rows = (0..<UInt32(count)).filter { isCall[Int($0)] && !wraps[Int($0)] }
        tokensIn = TokenCounts(rows.map { Self.integer(inputOf[Int(inputs.codes[Int($0)])]) })
        tokensOut = TokenCounts(rows.map { Self.integer(outputOf[Int(outputs.codes[Int($0)])]) })
        for row in rows.lazy.map({ Int($0) }) {
            let own = costOf[Int(costs.codes[row])]
            let sent = own.isNaN ? wrapperCosts(row) ?? own : own
            let estimate = sent.isNaN ? estimator?.cost(row) : nil
            self.costs.append(estimate ?? sent)
            areEstimated.append(estimate != nil)
        }
        if self.costs.allSatisfy(\.isNaN) { self.costs = [] }
        if !areEstimated.contains(true) { areEstimated = [] }
    }

    /// For a counted call the cost that the nearest wrapper with the same response id knows.
    private func wrapperCosts(
        _ frame: any Frame, _ isCall: [Bool], _ wraps: [Bool], _ cost: (Int) -> Double
    ) throws -> (Int) -> Double? {
        guard isCall.indices.contains(where: { isCall[$0] && wraps[$0] && !cost($0).isNaN }) else {
            return { _ in nil }
        }
        let responses = try ResponseIDs.rows(of: frame)
        let parents = try frame.parentRows()
        var costs: [Int: Double] = [:]
        for row in isCall.indices where isCall[row] && !wraps[row] {
            guard let response = responses[row] else { continue }
            var above = Int(parents[row])
            // No deeper than a trace may be, so that a cycle ends.
            for _ in 0..<Self.depthMax where above >= 0 {
                if isCall[above], responses[above] == response, !cost(above).isNaN {
                    costs[row] = cost(above)
                    break
                }
                above = Int(parents[above])
            }
        }
        return { costs[$0] }
    }

    private static let depthMax = 64

    /// For each code its number, NaN for what is none.
    static func numbers(_ field: ResolvedField) -> [Double] {
        (0...UInt32(field.values.count)).map { field.values.value($0).number ?? .nan }
    }

    private static func integer(_ value: Double) -> Int64 {
        value.isNaN ? 0 : Int64(exactly: value.rounded()) ?? 0
    }

    /// For each row whether a marked row lies below it.
    private static func rowsAbove(_ marked: [Bool], _ parents: [Int32]) -> [Bool] {
        var above = [Bool](repeating: false, count: marked.count)
        for row in marked.indices where marked[row] {
            var parent = Int(parents[row])
            // Ends at what is marked already, so a cycle ends too.
            while parent >= 0, !above[parent] {
                above[parent] = true
                parent = Int(parents[parent])
            }
        }
        return above
    }
}

/// The tokens of many calls, four bytes each unless one has more than they can say.
struct TokenCounts: Sendable {
    private let small: [UInt32]
    private let large: [Int64]

    var byteCount: Int { small.count * 4 + large.count * 8 }

    init(_ counts: [Int64]) {
        let areSmall = counts.allSatisfy { UInt32(exactly: $0) != nil }
        small = areSmall ? counts.map { UInt32(truncatingIfNeeded: $0) } : []
        large = areSmall ? [] : counts
    }

    @inline(__always)
    subscript(call: Int) -> Int { large.isEmpty ? Int(small[call]) : Int(large[call]) }
}
