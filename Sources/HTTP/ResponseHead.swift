internal import Foundation
internal import HTTPTypes

/// Writes the head of an answer.
enum ResponseHead {
    enum Framing {
        case length(Int)
        case chunked
        /// The body ends with the connection: HTTP/1.0 knows no chunks.
        case close
        /// 204 and 304 have no body and no length.
        case none
    }

    static func bytes(
        _ response: Response, _ framing: Framing, minorVersion: Int, keepsAlive: Bool
    ) -> [UInt8] {
        let reason =
            response.status.reasonPhrase.isEmpty ? "Status" : response.status.reasonPhrase
        var text = "HTTP/1.1 \(response.status.code) \(reason)\r\nDate: \(HTTPDate.now)\r\n"
        for field in response.fields { text += "\(field.name.rawName): \(field.value)\r\n" }
        switch framing {
        case .length(let length): text += "Content-Length: \(length)\r\n"
        case .chunked: text += "Transfer-Encoding: chunked\r\n"
        case .close, .none: break
        }
        if !keepsAlive {
            text += "Connection: close\r\n"
        } else if minorVersion == 0 {
            text += "Connection: keep-alive\r\n"
        }
        return Array((text + "\r\n").utf8)
    }

    /// A piece of a chunked body.
    static func chunk(_ bytes: [UInt8]) -> [UInt8] {
        Array((String(bytes.count, radix: 16) + "\r\n").utf8) + bytes + [13, 10]
    }

    static let lastChunk = Array("0\r\n\r\n".utf8)
    static let proceed = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)
}
