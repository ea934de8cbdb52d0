import Spans
import Wire

/// The readers of OTLP protobuf: what is taken can be written and read again, span for span.
func otlp(_ bytes: UnsafeRawBufferPointer) {
    var batch = SpanBatch()
    let receipt = Receipt(time: 1_790_000_000_000_000_000)
    if let report = try? readTraces(protobuf: bytes, receipt: receipt, into: &batch) {
        precondition(report.accepted == batch.count)
        check(batch)
    }
    if let report = try? readLogs(protobuf: bytes) {
        precondition(report.carried.scores.count + report.carried.incomplete <= report.kept.count)
    }
    _ = try? countDataPoints(protobuf: bytes)
}

/// What was stored once comes back as often as it is exported and sent again.
func check(_ batch: SpanBatch) {
    _ = scores(in: batch)
    let again = read(exportRequest(protobuf: batch), .protobuf)
    precondition(again?.count == batch.count)
    precondition(read(exportRequest(json: batch), .json)?.count == batch.count)
    guard let again else { return }
    precondition(exportRequest(protobuf: again).count == exportRequest(protobuf: batch).count)
}

private func read(_ body: [UInt8], _ encoding: OTLPEncoding) -> SpanBatch? {
    var batch = SpanBatch()
    let receipt = Receipt(time: 1_790_000_000_000_000_001)
    return body.withUnsafeBytes { bytes in
        let report =
            switch encoding {
            case .protobuf: try? readTraces(protobuf: bytes, receipt: receipt, into: &batch)
            case .json: try? readTraces(json: bytes, receipt: receipt, into: &batch)
            }
        return report?.rejected == 0 ? batch : nil
    }
}
