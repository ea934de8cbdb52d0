internal import Spans

/// The keys of a native span that are no attributes.
package let nativeSpanKeys = [
    "trace_id", "span_id", "parent_span_id", "name", "kind", "status", "status_message",
    "start_time_unix_nano", "end_time_unix_nano", "start_time", "end_time", "duration_ms",
    "events", "links", "resource", "scope", "attributes",
]

/// The reserved keys of a native span while it is being read.
struct NativeSpan {
    var head = SpanHead()
    /// Unix nanoseconds.
    var start: UInt64?
    var end: UInt64?
    /// Nanoseconds.
    var duration: UInt64?
    /// Rows of what the span says it came from.
    var resource: Int?
    var scope: Int?
    /// What kind of LLM operation `kind` named.
    var operation: String?
    private var firstFault: String?

    init() {}

    /// Notes what is wrong; the first is what the sender is told.
    mutating func fault(_ text: String) { firstFault = firstFault ?? text }

    /// Sets ids and times on the newest row; what was not sent is made up.
    ///
    /// - Returns: why the span must be refused, or nil.
    mutating func finish(
        receipt: Receipt, _ random: inout some RandomNumberGenerator,
        into batch: inout SpanBatch, generated: inout [ReadReport.GeneratedID]
    ) -> String? {
        if let firstFault {
            batch.ledger.count(.invalidSpan)
            return firstFault
        }
        setTimes(receipt.time)
        let isGenerated = generateIDs(&random)
        if isGenerated { head.marks.insert(.idsGenerated) }
        if let fault = head.write(to: &batch, receipt: receipt) { return fault }
        if var operation {
            operation.withUTF8 { value in
                Self.operationKey.withUTF8Buffer { key in
                    batch.spans.set(
                        UnsafeRawBufferPointer(key), .string, bytes: UnsafeRawBufferPointer(value))
                }
            }
        }
        if isGenerated {
            let id = withUnsafeBytes(of: (head.traceID.high.bigEndian, head.traceID.low.bigEndian))
            {
                Array($0)
            }
            generated.append(.init(traceID: id, spanID: head.spanID))
        }
        return nil
    }

    private static let operationKey: StaticString = "operation.kind"

    private mutating func setTimes(_ receivedAt: UInt64) {
        if let duration {
            if let start, end == nil {
                end = start &+ duration
            } else if start == nil {
                let end = end ?? receivedAt
                self.end = end
                start = end - min(end, duration)
            }
        }
        head.start = start ?? 0
        head.end = end ?? 0
    }

    private mutating func generateIDs(_ random: inout some RandomNumberGenerator) -> Bool {
        var isGenerated = false
        if head.traceIDFault == IDReading.missing {
            head.traceID = TraceID(
                high: UInt64.random(in: 1 ... .max, using: &random),
                low: UInt64.random(in: 1 ... .max, using: &random))
            head.traceIDFault = nil
            isGenerated = true
        }
        if head.spanIDFault == IDReading.missing {
            head.spanID = UInt64.random(in: 1 ... .max, using: &random)
            head.spanIDFault = nil
            isGenerated = true
        }
        return isGenerated
    }

    static let kinds: [String: UInt64] = {
        var kinds: [String: UInt64] = [:]
        let names = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"]
        for (number, name) in names.enumerated() {
            kinds[name] = UInt64(number)
            kinds["SPAN_KIND_" + name] = UInt64(number)
        }
        return kinds
    }()

    static let statuses: [String: UInt64] = [
        "UNSET": 0, "OK": 1, "ERROR": 2, "STATUS_CODE_UNSET": 0, "STATUS_CODE_OK": 1,
        "STATUS_CODE_ERROR": 2,
    ]

    /// Kinds of LLM operations by the names that frameworks give them, and what the dimension
    /// `operation.kind` calls them.
    static let operations: [String: String] = {
        var operations = [
            "llm": "chat", "embedding": "embeddings", "retriever": "retrieval",
            "reranker": "rerank", "evaluator": "evaluation", "parser": "task",
        ]
        for name in [
            "chat", "completion", "embeddings", "retrieval", "rerank", "tool", "agent",
            "agent_create", "workflow", "chain", "task", "plan", "memory", "guardrail",
            "evaluation", "prompt", "other",
        ] { operations[name] = name }
        return operations
    }()
}
