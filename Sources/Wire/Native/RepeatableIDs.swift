internal import Spans

/// Makes the ids of spans that have none from an `Idempotency-Key`, so that a body sent again under its key
/// has the same ids, and each of its spans is found to be there already
/// (draft-ietf-httpapi-idempotency-key-header).
///
/// Not for secrets: who knows the key can tell the ids.
package struct RepeatableIDs: RandomNumberGenerator {
    private let key: [UInt8]
    private var count: UInt64 = 0

    package init(key: String) { self.key = Array(key.utf8) }

    package mutating func next() -> UInt64 {
        count += 1
        return key.withUnsafeBytes { hashBytes($0, seed: count &* 0x9e37_79b9_7f4a_7c15) }
    }
}
