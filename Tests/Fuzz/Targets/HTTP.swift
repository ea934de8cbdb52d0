import HTTP
import HTTPTypes

/// The HTTP parser: requests read from one piece are those read byte by byte.
func http(_ bytes: UnsafeRawBufferPointer) {
    let whole = Requests(bytes, piece: max(1, bytes.count))
    let bits = Requests(bytes, piece: 1)
    precondition(whole == bits)
}

private struct Requests: Equatable {
    struct Request: Equatable {
        let method: String
        let target: String
        let fields: HTTPFields
        let contentLength: Int?
        let isChunked: Bool
        let keepsAlive: Bool
        var body: [UInt8] = []
        var isWhole = false
    }

    var requests: [Request] = []
    var refusal: HTTPError?

    init(_ bytes: UnsafeRawBufferPointer, piece: Int) {
        var parser = RequestParser(limits: HTTPLimits())
        var offset = 0
        do throws(HTTPError) {
            while offset < bytes.count {
                let end = min(bytes.count, offset + piece)
                try read(UnsafeRawBufferPointer(rebasing: bytes[offset..<end]), &parser)
                offset = end
            }
        } catch {
            refusal = error
        }
    }

    private mutating func read(
        _ piece: UnsafeRawBufferPointer, _ parser: inout RequestParser
    ) throws(HTTPError) {
        var used = 0
        while true {
            let rest = UnsafeRawBufferPointer(rebasing: piece[used...])
            let (count, event) = try parser.next(rest)
            precondition(count <= rest.count)
            used += count
            switch event {
            case nil: return precondition(used == piece.count)
            case .head(let head):
                precondition(requests.last?.isWhole != false)
                requests.append(
                    Request(
                        method: head.method, target: head.target, fields: head.fields,
                        contentLength: head.contentLength, isChunked: head.isChunked,
                        keepsAlive: head.keepsAlive))
            case .body(let range): requests[requests.count - 1].body += rest[range]
            case .end: requests[requests.count - 1].isWhole = true
            }
        }
    }
}
