internal import Spans

/// A span's ids and times while it is being read, and the rules for odd ones (docs/API.md, "Odd spans").
/// Both OTLP encodings and native JSON share them.
struct SpanHead {
    var traceID = TraceID(high: 0, low: 0)
    var spanID: UInt64 = 0
    var parentSpanID: UInt64 = 0
    var start: UInt64 = 0
    var end: UInt64 = 0
    /// What is wrong with an id, in a sentence's end.
    var traceIDFault: String? = "is missing"
    var spanIDFault: String? = "is missing"
    var hasInvalidParent = false
    /// Ids were sent as text where bytes belong.
    var hasTextID = false
    // An empty literal goes through the standard library's generic initializer, once a span.
    var marks = SpanMarks(rawValue: 0)

    init() {}

    mutating func setTraceID(_ reading: IDReading) {
        switch reading {
        case .bytes(let high, let low, let isText):
            traceID = TraceID(high: high, low: low)
            traceIDFault = high | low == 0 ? "is all zeros" : nil
            hasTextID = hasTextID || isText
        case .fault(let fault): traceIDFault = fault
        }
    }

    mutating func setSpanID(_ reading: IDReading) {
        switch reading {
        case .bytes(_, let low, let isText):
            spanID = low
            spanIDFault = low == 0 ? "is all zeros" : nil
            hasTextID = hasTextID || isText
        case .fault(let fault): spanIDFault = fault
        }
    }

    /// A missing or zero parent makes a root; one of a wrong length is dropped.
    mutating func setParent(_ reading: IDReading) {
        switch reading {
        case .bytes(_, let low, let isText):
            parentSpanID = low
            hasTextID = hasTextID || isText
        case .fault(let fault): hasInvalidParent = fault != IDReading.missing
        }
    }

    /// Sets the fields on the newest span.
    ///
    /// - Returns: why the span must be refused, or nil.
    func write(to batch: inout SpanBatch, receipt: Receipt) -> String? {
        if let traceIDFault {
            batch.ledger.count(.invalidTraceID)
            return "traceId \(traceIDFault)"
        }
        if let spanIDFault {
            batch.ledger.count(.invalidSpanID)
            return "spanId \(spanIDFault)"
        }
        let effectiveStart = effectiveStart(receipt.time)
        if effectiveStart < receipt.oldestStart {
            batch.ledger.count(.tooOld)
            return "the span is older than what is retained"
        }
        var marks = marks
        if effectiveStart > receipt.time &+ Receipt.futureNanosecondsMax {
            marks.insert(.farFuture)
            batch.ledger.count(.farFuture)
        }
        withUnsafeBytes(of: (traceID.high.bigEndian, traceID.low.bigEndian)) {
            batch.spans.set(SpanField.traceID, $0)
        }
        batch.spans.set(SpanField.spanID, spanID)
        if hasTextID { batch.ledger.count(.textID) }
        if hasInvalidParent || parentSpanID == spanID {
            marks.insert(.parentDropped)
            batch.ledger.count(.invalidParentID)
        } else if parentSpanID != 0 {
            batch.spans.set(SpanField.parentSpanID, parentSpanID)
        }
        writeTimes(to: &batch, receivedAt: receipt.time, &marks)
        if !marks.isEmpty { batch.spans.set(SpanField.marks, marks.rawValue) }
        return nil
    }

    /// The start, or what stands for it.
    private func effectiveStart(_ receivedAt: UInt64) -> UInt64 {
        start != 0 ? start : end != 0 ? end : receivedAt
    }

    private func writeTimes(
        to batch: inout SpanBatch, receivedAt: UInt64, _ marks: inout SpanMarks
    ) {
        var (start, end) = (start, end)
        switch (start, end) {
        case (0, 0):
            marks.insert(.timeMissing)
            batch.ledger.count(.timeMissing)
            (start, end) = (receivedAt, receivedAt)
        case (0, _):
            marks.insert(.startMissing)
            batch.ledger.count(.timeMissing)
            start = end
        case (_, 0):
            marks.insert(.unfinished)
            batch.ledger.count(.unfinished)
            end = start
        default:
            if end < start {
                marks.insert(.endBeforeStart)
                batch.ledger.count(.endBeforeStart)
            }
        }
        batch.spans.set(SpanField.start, start)
        if end != start { batch.spans.set(SpanField.duration, end &- start) }
    }
}

/// A trace id, as the big-endian numbers of its halves.
struct TraceID: Equatable {
    var high: UInt64
    var low: UInt64
}

/// What an id's bytes or text turned out to be.
enum IDReading: Equatable {
    /// `high` is 0 for a span id.
    case bytes(high: UInt64, low: UInt64, isText: Bool)
    /// What is wrong, in a sentence's end.
    case fault(String)

    static let missing = "is missing"

    /// - Parameter size: 16 for a trace id, 8 for a span id.
    init(_ bytes: UnsafeRawBufferPointer, size: Int) {
        switch bytes.count {
        case 0: self = .fault(Self.missing)
        case size:
            let low = bytes.loadUnaligned(fromByteOffset: size - 8, as: UInt64.self)
            let high = size == 16 ? bytes.loadUnaligned(as: UInt64.self) : 0
            self = .bytes(high: UInt64(bigEndian: high), low: UInt64(bigEndian: low), isText: false)
        case size * 2:
            // Hexadecimal digits where bytes belong: some senders do.
            switch IDReading(hexadecimal: bytes, size: size) {
            case .bytes(let high, let low, _): self = .bytes(high: high, low: low, isText: true)
            case .fault: self = .fault("has \(bytes.count) bytes instead of \(size)")
            }
        default: self = .fault("has \(bytes.count) bytes instead of \(size)")
        }
    }

    /// Reads hexadecimal digits of either case.
    init(hexadecimal digits: UnsafeRawBufferPointer, size: Int) {
        if digits.isEmpty {
            self = .fault(Self.missing)
            return
        }
        guard digits.count == size * 2 else {
            self = .fault("has \(digits.count) digits instead of \(size * 2)")
            return
        }
        var halves: (UInt64, UInt64) = (0, 0)
        for digit in digits {
            guard let value = Hex.value(digit) else {
                self = .fault("is not hexadecimal")
                return
            }
            halves.0 = halves.0 << 4 | halves.1 >> 60
            halves.1 = halves.1 << 4 | UInt64(value)
        }
        self = .bytes(high: halves.0, low: halves.1, isText: false)
    }
}
