internal import Spans

/// What identifies each span of a segment, and what decides between two copies:
/// (tenant of the key, trace id, span id, kind), and the end.
struct Identities: Sendable {
    let traceIDs: StringTable
    /// For each row its trace, an index into `traceIDs`.
    let traceCodes: [UInt32]
    let spanIDs: [UInt64]
    let kinds: [UInt64]
    /// 0 for a span that has not ended.
    let ends: [UInt64]
    private let tenants: StringTable
    private let tenantCodes: [UInt32]

    static let columns: Set<ColumnKey> = Set(
        [
            SpanField.traceID, .spanID, .kind, .keyTenant, .start, .duration, .marks,
        ].map { ColumnKey(.span, .field, $0.name, $0.type) })

    init(_ data: SegmentData) throws(DamagedBytes) {
        guard let traces = data.field(SpanField.traceID), traces.presence.count == data.spanCount
        else { throw DamagedBytes("spans without trace ids") }
        traceIDs = traces.strings
        traceCodes = traces.codes
        spanIDs = data.numbers(SpanField.spanID)
        kinds = data.numbers(SpanField.kind)
        let starts = data.numbers(SpanField.start)
        let durations = data.numbers(SpanField.duration)
        let marks = data.numbers(SpanField.marks)
        ends = starts.indices.map { row in
            SpanMarks(rawValue: marks[row]).contains(.unfinished)
                ? 0 : starts[row] &+ durations[row]
        }
        let tenant = data.field(SpanField.keyTenant)
        tenants = tenant?.strings ?? StringTable()
        tenantCodes = tenant?.denseCodes(rowCount: data.spanCount) ?? []
    }

    var count: Int { spanIDs.count }

    /// A hash of the whole identity, for this process.
    func hash(_ row: Int, traceHash: UInt64) -> UInt64 {
        var hash = traceHash ^ spanIDs[row] &* 0x9e37_79b9_7f4a_7c15
        hash = (hash ^ hash >> 29) &* 0xbf58_476d_1ce4_e5b9 ^ kinds[row]
        return hash ^ hash >> 32
    }

    /// The same with the tenant, so that it alone tells two spans apart.
    func hashWithTenant(_ row: Int, traceHash: UInt64) -> UInt64 {
        let tenant = tenant(row).withUnsafeBytes { hashBytes($0, seed: 1) }
        return hash(row, traceHash: traceHash ^ tenant)
    }

    /// Whether two rows are copies of one span.
    func isSame(_ row: Int, as other: Identities, _ otherRow: Int) -> Bool {
        spanIDs[row] == other.spanIDs[otherRow] && kinds[row] == other.kinds[otherRow]
            && tenant(row) == other.tenant(otherRow)
            && traceIDs.withValue(Int(traceCodes[row])) { mine in
                other.traceIDs.withValue(Int(other.traceCodes[otherRow])) {
                    mine.elementsEqual($0)
                }
            }
    }

    private func tenant(_ row: Int) -> [UInt8] {
        guard !tenantCodes.isEmpty, tenantCodes[row] > 0 else { return [] }
        return tenants.withValue(Int(tenantCodes[row]) - 1) { Array($0) }
    }

    /// Whether the copy that arrived later replaces the earlier one: of the two the one that has ended,
    /// ends later, arrived later stays. A copy that says the same changes nothing, so then the earlier stays.
    static func laterReplaces(
        earlierEnd: UInt64, laterEnd: UInt64, differs: () throws -> Bool
    ) rethrows -> Bool {
        try laterEnd == earlierEnd ? differs() : laterEnd > earlierEnd
    }
}
