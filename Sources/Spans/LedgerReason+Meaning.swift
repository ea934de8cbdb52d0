extension LedgerReason {
    /// What happened, and what became of it, in a sentence's end. `/v1/ledger`, `/openapi.json` and docs/OPERATIONS.md say
    /// it in these words.
    package var meaning: String {
        switch self {
        case .invalidTraceID: "a trace id of a wrong length, or all zeros; the span was refused"
        case .invalidSpanID: "a span id of a wrong length, or all zeros; the span was refused"
        case .invalidSpan: "a span of wrong types, or a line that is not JSON; it was refused"
        case .tooOld: "a start before what is retained; the span was refused"
        case .duplicateSpan: "a span that was there already; one of the two was kept"
        case .farFuture:
            "a start over a day after its receipt; kept, in the partition of its receipt"
        case .scatteredTime:
            "one of more than eight days in a commit; kept, in the partition of its receipt"
        case .late: "a span that came over ten minutes after its end; kept as any other"
        case .timeMissing: "a span without a start; it got its end, or the time of its receipt"
        case .endBeforeStart: "an end before the start; kept, its duration reads 0"
        case .unfinished: "a span without an end; kept, its duration reads 0"
        case .invalidParentID:
            "a parent id of a wrong length, or the span's own; dropped, so the span is a root"
        case .textID: "an id as hexadecimal text in a field of bytes; read all the same"
        case .duplicateKey: "a key twice in one place; the last value was kept"
        case .ambiguousValue: "a value of two types; JSON keeps the first, protobuf the last"
        case .tooDeep: "a value nested over 64 levels; what is deeper was kept as JSON text"
        case .invalidUTF8: "text that is no UTF-8; repaired with U+FFFD"
        case .droppedAttributesUpstream: "attributes that the sender's SDK threw away"
        case .droppedEventsUpstream: "events that the sender's SDK threw away"
        case .droppedLinksUpstream: "links that the sender's SDK threw away"
        case .logRecord: "a log record that is neither a GenAI event nor of a trace; not kept"
        case .invalidLogRecord: "a log record that does not decode; refused"
        case .invalidScore: "a score that is wrong or incomplete; refused"
        case .metricPoint: "a data point of a metric; metrics are not kept here"
        case .refusedRequest: "a whole request that could not be read; refused"
        case .damagedSegment: "a segment that the disk damaged; no answer sees its spans"
        case .damagedPartition: "a day's file that the disk damaged; set aside"
        case .damagedCatalog:
            "the catalog, damaged by the disk; set aside, scores and findings with it"
        case .lostCommit: "a commit whose log the disk lost"
        case .droppedByRetention: "a span that retention removed"
        }
    }
}
