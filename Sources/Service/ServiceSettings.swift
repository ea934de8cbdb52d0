/// What an operator sets about the service (docs/OPERATIONS.md).
package struct ServiceSettings: Sendable {
    package var version = ""
    /// Of a body, as sent and inflated.
    package var bodyBytesMax = 64 << 20
    /// Origins whose pages may send spans and ask: `https://app.example.com`, `https://*.example.com`
    /// or `*`. None by default: data from browsers cannot be trusted.
    package var corsOrigins: [String] = []

    package init() {}
}
