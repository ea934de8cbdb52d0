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

    /// All that was held back.
    var taken: [UInt8] { bytes.withLock { $0 } }

    func write() {
        // A reader that has gone, as `head` does, is no error.
        try? FileHandle.standardOutput.write(contentsOf: Data(taken))
    }

    /// Shows an error to a person.
    func complain() { AskOptions.complain(errorMessage) }

    /// The message of an error that was taken, or the body as it is.
    var errorMessage: String {
        let decoded = try? JSONDecoder().decode(Failure.self, from: Data(taken))
        let text = decoded?.error.message ?? String(decoding: taken, as: UTF8.self)
        return text.trimmingCharacters(in: .newlines)
    }

    private struct Failure: Decodable {
        struct Content: Decodable { let message: String }
        let error: Content
    }
}
