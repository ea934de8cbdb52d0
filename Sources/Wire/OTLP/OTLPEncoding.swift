/// The two encodings of OTLP/HTTP bodies; an answer has the request's.
package enum OTLPEncoding: Sendable, Equatable {
    case protobuf, json

    /// nil for another type, which is answered with 415. Parameters such as a charset do not matter.
    package init?(contentType: String?) {
        let type = contentType?.prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }.lowercased()
        switch type {
        case "application/x-protobuf", "application/protobuf",
            "application/vnd.google.protobuf":
            self = .protobuf
        case "application/json": self = .json
        default: return nil
        }
    }

    /// Go's SDK and the Collector compare it as a whole and ignore bodies of another type.
    package var contentType: String {
        switch self {
        case .protobuf: "application/x-protobuf"
        case .json: "application/json"
        }
    }
}
