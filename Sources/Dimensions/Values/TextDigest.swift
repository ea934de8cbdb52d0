internal import Crypto
internal import Foundation
internal import Spans

/// What names a text that has no id.
enum TextDigest {
    /// `sha256:` and the digest in hexadecimal.
    static func of(_ text: String) -> String {
        "sha256:" + Hex.text(SHA256.hash(data: Array(text.utf8)))
    }
}
