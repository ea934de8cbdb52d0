/// What the server takes before it refuses; each can be set by the operator (docs/OPERATIONS.md).
package struct HTTPLimits: Sendable {
    /// Method, target and version. Long queries fit; longer ones can be posted. Beyond: 414.
    package var requestLineBytesMax = 16 << 10
    /// All header fields of a request together. Beyond: 431.
    package var headerBytesMax = 64 << 10
    package var headerFieldsMax = 100
    /// Of a body as it is sent. OTLP's own default; beyond it its clients expect 413.
    package var bodyBytesMax = 64 << 20
    /// From a request's first byte to the end of its header. Beyond: 408.
    package var headerSecondsMax = 10.0
    /// Between two pieces of a body. Beyond: 408.
    package var bodyIdleSecondsMax = 30.0
    /// Bytes a second that a body must come with, on average after ten seconds. Below: 408.
    package var bodyRateMin = 1024.0
    /// Between two requests of a connection; then it is closed.
    package var idleSecondsMax = 75.0
    /// That a client may leave an answer unread; then the connection is broken off.
    package var writeSecondsMax = 30.0
    /// Beyond: 503, and the connection is closed.
    package var connectionsMax = 10_000
    /// Bytes of an answer that wait for the client before its writer is made to wait too.
    package var writeBufferBytesMax = 256 << 10
    /// Bytes of later requests that are read while one is being answered.
    package var pipelineBytesMax = 64 << 10

    package init() {}
}
