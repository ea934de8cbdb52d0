/// Why something was refused, repaired, late, doubled or dropped. The raw value is the name that
/// `/v1/status` and `/v1/ledger` show.
package enum LedgerReason: String, Sendable, CaseIterable, Codable {
    case invalidTraceID = "span.invalid_trace_id"
    case invalidSpanID = "span.invalid_span_id"
    case invalidSpan = "span.invalid"
    case tooOld = "span.older_than_retention"
    case duplicateSpan = "span.duplicate"
    case farFuture = "span.far_future"
    case scatteredTime = "span.scattered_time"
    case late = "span.late"
    case timeMissing = "span.time_missing"
    case endBeforeStart = "span.end_before_start"
    case unfinished = "span.unfinished"
    case invalidParentID = "span.invalid_parent_id"
    case textID = "span.id_sent_as_text"
    case duplicateKey = "attribute.duplicate_key"
    case ambiguousValue = "attribute.several_values"
    case tooDeep = "attribute.too_deep"
    case invalidUTF8 = "text.invalid_utf8"
    case droppedAttributesUpstream = "upstream.dropped_attributes"
    case droppedEventsUpstream = "upstream.dropped_events"
    case droppedLinksUpstream = "upstream.dropped_links"
    case logRecord = "log.not_kept"
    case invalidLogRecord = "log.invalid"
    case invalidScore = "score.invalid"
    case metricPoint = "metric.not_kept"
    case refusedRequest = "request.refused"
    case damagedSegment = "segment.damaged"
    case damagedPartition = "partition.damaged"
    case damagedCatalog = "catalog.damaged"
    case lostCommit = "commit.lost"
    case droppedByRetention = "span.dropped_by_retention"

    /// Those that say that a span was not kept.
    package static let refusalsOfSpans: [LedgerReason] = [
        .invalidTraceID, .invalidSpanID, .invalidSpan, .tooOld,
    ]

    /// Those that say what the senders' SDKs threw away.
    package static let droppedUpstream: [LedgerReason] = [
        .droppedAttributesUpstream, .droppedEventsUpstream, .droppedLinksUpstream,
    ]
}

/// Counts by reason; adds up.
package struct LedgerCounts: Sendable, Equatable {
    package private(set) var counts: [LedgerReason: Int] = [:]

    package init() {}

    package var isEmpty: Bool { counts.isEmpty }

    package subscript(reason: LedgerReason) -> Int { counts[reason] ?? 0 }

    package mutating func count(_ reason: LedgerReason, _ amount: Int = 1) {
        // What a damaged file counts may be any number.
        guard amount > 0 else { return }
        let (sum, overflow) = self[reason].addingReportingOverflow(amount)
        counts[reason] = overflow ? .max : sum
    }

    /// Segments and files that are set aside because they are damaged, and commits that are missing.
    package var damage: Int { sum([.damagedSegment, .damagedPartition, .lostCommit]) }

    package func sum(_ reasons: [LedgerReason]) -> Int {
        reasons.reduce(0) { sum, reason in
            let (next, overflow) = sum.addingReportingOverflow(self[reason])
            return overflow ? .max : next
        }
    }

    package mutating func add(_ other: LedgerCounts) {
        for (reason, amount) in other.counts { count(reason, amount) }
    }
}
