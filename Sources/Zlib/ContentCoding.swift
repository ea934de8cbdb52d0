/// How a body is encoded, by the header `Content-Encoding` (RFC 9110, section 8.4.1).
package enum ContentCoding: Sendable, Equatable {
    case identity, gzip, deflate

    /// nil for a coding that is not supported, and for several.
    package init?(header: String?) {
        switch header?.lowercased().filter({ $0 != " " && $0 != "\t" }) {
        case nil, "", "identity": self = .identity
        case "gzip", "x-gzip": self = .gzip
        case "deflate": self = .deflate
        default: return nil
        }
    }
}

/// Why a body could not be inflated.
package enum BodyError: Error, Sendable, Equatable {
    /// It inflates to more than this many bytes.
    case tooLarge(bytesMax: Int)
    case malformed(String)
}
