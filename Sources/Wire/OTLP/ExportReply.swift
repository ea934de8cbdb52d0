internal import JSON

/// The bodies that OTLP clients get back
/// (opentelemetry.io/docs/specs/otlp, "OTLP/HTTP Response").
package enum ExportReply {
    package enum Signal: Sendable {
        case spans, logRecords, dataPoints

        fileprivate var jsonName: String {
            switch self {
            case .spans: "rejectedSpans"
            case .logRecords: "rejectedLogRecords"
            case .dataPoints: "rejectedDataPoints"
            }
        }
    }

    /// All was taken, or all but `rejected`, and why those were not.
    package static func success(
        _ encoding: OTLPEncoding, _ signal: Signal, rejected: Int, message: String
    ) -> [UInt8] {
        let isFull = rejected == 0 && message.isEmpty
        switch encoding {
        case .protobuf:
            if isFull { return [] }
            var writer = ProtobufWriter()
            writer.field(1) { partial in
                if rejected > 0 { partial.field(1, varint: UInt64(rejected)) }
                if !message.isEmpty { partial.field(2, bytes: message.utf8) }
            }
            return writer.bytes
        case .json:
            var json = JSONWriter()
            json.object { json in
                if isFull { return }
                json.key("partialSuccess")
                json.object { json in
                    json.member(signal.jsonName, String(rejected))
                    json.member("errorMessage", message)
                }
            }
            return json.bytes
        }
    }

    /// A `google.rpc.Status` with a message for the sender's developer.
    ///
    /// - Parameter code: of google.rpc.Code, such as 3 for an invalid argument.
    package static func failure(_ encoding: OTLPEncoding, code: Int, message: String) -> [UInt8] {
        switch encoding {
        case .protobuf:
            var writer = ProtobufWriter()
            writer.field(1, varint: UInt64(code))
            writer.field(2, bytes: message.utf8)
            return writer.bytes
        case .json:
            var json = JSONWriter()
            json.object { json in
                json.member("code", code)
                json.member("message", message)
            }
            return json.bytes
        }
    }
}
