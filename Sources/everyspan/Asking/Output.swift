import Foundation
import Synchronization

/// What a question was answered, on its way to the terminal or pipe.
final class Output: Sendable {
    private let isHeldBack: Bool
    private let bytes = Mutex<[UInt8]>([])

    /// - Parameter isHeldBack: whether it waits for `write`; otherwise it is written as it comes.
    init(isHeldBack: Bool) { self.isHeldBack = isHeldBack }

    func take(_ part: [UInt8]) throws {
        if isHeldBack {
            bytes.withLock { $0 += part }
        } else {
            try FileHandle.standardOutput.write(contentsOf: Data(part))
        }
    }

    func write() {
        let bytes = bytes.withLock { $0 }
        // A reader that has gone, as `head` does, is no error.
        try? FileHandle.standardOutput.write(contentsOf: Data(bytes))
    }

    /// Shows an error to a person: its message, or the body as it is.
    func complain() {
        let bytes = bytes.withLock { $0 }
        let decoded = try? JSONDecoder().decode(Failure.self, from: Data(bytes))
        let text = decoded?.error.message ?? String(decoding: bytes, as: UTF8.self)
        AskOptions.complain(text.trimmingCharacters(in: .newlines))
    }

    private struct Failure: Decodable {
        struct Content: Decodable { let message: String }
        let error: Content
    }
}
