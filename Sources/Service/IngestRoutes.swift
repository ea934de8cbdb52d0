internal import HTTP
internal import HTTPTypes
internal import JSON
internal import Queries
internal import Spans
internal import Store
internal import Wire
internal import Zlib

/// Takes spans in: body → batch → committed → reply. 200 only once they are durable and visible.
enum IngestRoutes {
    static func traces(_ request: Request, _ service: Service) async throws -> Response {
        if isForm(request) { return try await QueryRoutes.traces(request, service) }
        return try await otlp(request, service) { bytes, encoding in
            var batch = SpanBatch()
            let receipt = receipt(request, service)
            let report =
                switch encoding {
                case .protobuf: try readTraces(protobuf: bytes, receipt: receipt, into: &batch)
                case .json: try readTraces(json: bytes, receipt: receipt, into: &batch)
                }
            let scores = carriedScores(&batch)
            return Decoded(
                batch: batch, scores: scores, rejected: report.rejected, message: message(report))
        } keep: { decoded in
            _ = try await service.store.append(decoded.batch, receivedAt: request.receivedAt)
            _ = try await service.store.append(decoded.scores, receivedAt: request.receivedAt)
            service.rate.count(decoded.batch.count)
            return .spans
        }
    }

    static func logs(_ request: Request, _ service: Service) async throws -> Response {
        try await otlp(request, service) { bytes, encoding in
            let report =
                switch encoding {
                case .protobuf: try readLogs(protobuf: bytes)
                case .json: try readLogs(json: bytes)
                }
            var scores = report.carried.scores
            for index in scores.indices where scores[index].time == 0 {
                scores[index].time = Int64(clamping: request.receivedAt)
            }
            var ledger = Ledger()
            ledger.count(.logRecord, report.unwanted)
            ledger.count(.invalidLogRecord, report.invalid)
            ledger.count(.invalidScore, report.carried.incomplete)
            return Decoded(
                logs: report.kept, scores: scores, ledger: ledger, rejected: report.refused,
                message: message(report))
        } keep: { decoded in
            try await service.store.append(decoded.logs, receivedAt: request.receivedAt)
            _ = try await service.store.append(decoded.scores, receivedAt: request.receivedAt)
            try await service.store.count(decoded.ledger)
            return .logRecords
        }
    }

    static func metrics(_ request: Request, _ service: Service) async throws -> Response {
        try await otlp(request, service) { bytes, encoding in
            let count =
                switch encoding {
                case .protobuf: try countDataPoints(protobuf: bytes)
                case .json: try countDataPoints(json: bytes)
                }
            let message =
                count == 0 ? "" : "metrics are not stored here; set OTEL_METRICS_EXPORTER=none"
            var ledger = Ledger()
            ledger.count(.metricPoint, count)
            return Decoded(ledger: ledger, rejected: count, message: message)
        } keep: { decoded in
            try await service.store.count(decoded.ledger)
            return .dataPoints
        }
    }

    // MARK: OTLP

    private struct Decoded: Sendable {
        var batch = SpanBatch()
        var logs: [LogRecord] = []
        var scores: [Score] = []
        /// What was not counted with the batch.
        var ledger = Ledger()
        var rejected = 0
        var message = ""
    }

    /// The scores that spans carry; what is none is counted with the spans.
    private static func carriedScores(_ batch: inout SpanBatch) -> [Score] {
        let carried = scores(in: batch)
        batch.ledger.count(.invalidScore, carried.incomplete)
        return carried.scores
    }

    private static func message(_ report: LogReport) -> String {
        var reasons: [String] = []
        if let reason = report.reason {
            reasons.append("\(report.invalid) do not decode: \(reason)")
        }
        if report.unwanted > 0 {
            reasons.append("only GenAI events and records with a trace id are kept here")
        }
        return reasons.joined(separator: "; ")
    }

    private static func message(_ report: ReadReport) -> String {
        guard let first = report.refusals.first else { return "" }
        let more = report.rejected - 1
        let text = more == 0 ? first.reason : "\(first.reason); and \(more) more"
        // Log records have the same fields down to their own, so they read as spans without ids.
        let isAnotherSignal = report.accepted == 0 && first.reason.hasSuffix("is missing")
        return isAnotherSignal ? text + "; is this an export of logs?" : text
    }

    private static func otlp(
        _ request: Request, _ service: Service,
        decode: (UnsafeRawBufferPointer, OTLPEncoding) throws -> Decoded,
        keep: (Decoded) async throws -> ExportReply.Signal
    ) async throws -> Response {
        let type = request.head.fields[.contentType]
        guard let encoding = OTLPEncoding(contentType: type) else {
            try await countRefused(service)
            throw QueryFailure(
                "unsupported_media_type",
                "Content-Type is \(type ?? "missing"); it is application/x-protobuf or "
                    + "application/json", status: .unsupportedMediaType)
        }
        let decoded: Decoded
        var body: [UInt8] = []
        do {
            body = try inflated(request, service)
            decoded = try body.withUnsafeBytes { try decode($0, encoding) }
        } catch let failure as QueryFailure {
            try await countRefused(service)
            return reply(
                encoding, ExportReply.failure(encoding, code: 3, message: failure.message),
                failure.status)
        } catch let error as WireError {
            try await countRefused(service)
            let hint =
                encoding == .protobuf && body.first == UInt8(ascii: "{")
                ? "; the body begins with '{': JSON is sent as application/json" : ""
            return reply(
                encoding, ExportReply.failure(encoding, code: 3, message: error.message + hint),
                .badRequest)
        }
        do {
            let signal = try await keep(decoded)
            return reply(
                encoding,
                ExportReply.success(
                    encoding, signal, rejected: decoded.rejected, message: decoded.message), .ok)
        } catch {
            // A disk that is full or slow for now: clients try again, and nothing is lost.
            var response = reply(
                encoding, ExportReply.failure(encoding, code: 14, message: "\(error)"),
                .serviceUnavailable)
            response.fields.set("Retry-After", "1")
            return response
        }
    }

    private static func reply(
        _ encoding: OTLPEncoding, _ body: [UInt8], _ status: HTTPResponse.Status
    ) -> Response {
        var fields = HTTPFields()
        fields[.contentType] = encoding.contentType
        return Response(status, fields, body: .bytes(body))
    }

    // MARK: Native

    static func spans(_ request: Request, _ service: Service) async throws -> Response {
        if isForm(request) { return try await QueryRoutes.spans(request, service) }
        var parameters = Parameters()
        if let query = request.head.query { try parameters.add(urlEncoded: query) }
        try parameters.allow(only: [ExplainRoute.parameter])
        let explains =
            try QueryParameters(parameters, now: request.receivedAt)
            .isOn(ExplainRoute.parameter)
        var batch = SpanBatch()
        let report: ReadReport
        do {
            let body = try inflated(request, service)
            report = try body.withUnsafeBytes {
                try read($0, request, service, into: &batch)
            }
        } catch let error as WireError {
            if !explains { try await countRefused(service) }
            throw QueryFailure("bad_body", error.message)
        } catch let failure as QueryFailure {
            if !explains { try await countRefused(service) }
            throw failure
        }
        if explains { return try await ExplainRoute.answer(batch, report, service) }
        let scores = carriedScores(&batch)
        let appended = try await service.store.append(batch, receivedAt: request.receivedAt)
        // Written after their spans: a crash in between leaves the request unanswered, and sent again it
        // gives the same scores.
        _ = try await service.store.append(scores, receivedAt: request.receivedAt)
        service.rate.count(batch.count)
        let isRefused = report.accepted == 0 && report.rejected > 0
        return .json(nativeReply(report, appended), isRefused ? .badRequest : .ok)
    }

    private static func read(
        _ bytes: UnsafeRawBufferPointer, _ request: Request, _ service: Service,
        into batch: inout SpanBatch
    ) throws -> ReadReport {
        let receipt = receipt(request, service)
        if let key = request.head.fields.value("idempotency-key"), !key.isEmpty {
            var ids = RepeatableIDs(key: key)
            return try readNative(bytes, receipt: receipt, random: &ids, into: &batch)
        }
        var ids = SystemRandomNumberGenerator()
        return try readNative(bytes, receipt: receipt, random: &ids, into: &batch)
    }

    static func receipt(_ request: Request, _ service: Service) -> Receipt {
        Receipt(
            time: request.receivedAt, oldestStart: service.store.oldestStartKept,
            owners: service.store.owners)
    }

    static func nativeReply(_ report: ReadReport, _ appended: AppendReport) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("accepted", report.accepted)
            json.member("duplicates", appended.duplicates)
            refusals(report, &json)
            json.key("ids")
            json.array { json in
                for id in report.generatedIDs {
                    json.object { json in
                        json.member("trace_id", Hex.text(id.traceID))
                        json.member("span_id", Hex.text(spanID: id.spanID))
                    }
                }
            }
        }
        json.newline()
        return json.bytes
    }

    static func refusals(_ report: ReadReport, _ json: inout JSONWriter) {
        json.member("rejected_count", report.rejected)
        json.key("rejected")
        json.array { json in
            for refusal in report.refusals {
                json.object { json in
                    json.member("index", refusal.index)
                    json.member("reason", refusal.reason)
                }
            }
        }
    }

    static func isForm(_ request: Request) -> Bool {
        let type = request.head.fields[.contentType]?.lowercased() ?? ""
        // curl calls whatever -d sends a form; a body that begins like JSON is none.
        let first = request.body.first { $0 != 32 && $0 != 9 && $0 != 10 && $0 != 13 }
        // Nor does anybody compress a question.
        return type.hasPrefix("application/x-www-form-urlencoded")
            && request.head.fields[.contentEncoding] == nil && first != UInt8(ascii: "{")
            && first != UInt8(ascii: "[")
    }

    // MARK: Bodies

    /// The body as it was before its content coding.
    static func inflated(_ request: Request, _ service: Service) throws -> [UInt8] {
        let header = request.head.fields[.contentEncoding]
        guard let coding = ContentCoding(header: header) else {
            throw QueryFailure(
                "unsupported_coding",
                "Content-Encoding \(header ?? "") is neither gzip nor deflate",
                status: .unsupportedMediaType)
        }
        do {
            return try inflateBody(
                request.body, coding: coding, bytesMax: service.settings.bodyBytesMax)
        } catch BodyError.tooLarge(let bytesMax) {
            throw QueryFailure(
                "too_large", "the body inflates to more than \(bytesMax) bytes",
                status: .contentTooLarge)
        } catch BodyError.malformed(let reason) {
            throw QueryFailure("bad_body", "the body does not inflate: \(reason)")
        }
    }

    static func countRefused(_ service: Service) async throws {
        var ledger = Ledger()
        ledger.count(.refusedRequest)
        try await service.store.count(ledger)
    }
}
