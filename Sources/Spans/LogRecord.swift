/// A log record that is kept as it was sent: it belongs to a trace, or it is a GenAI event.
package struct LogRecord: Sendable, Equatable {
    package enum Form: Int, Sendable {
        /// A `ResourceLogs` message with this one record.
        case protobuf = 0
        /// The same as OTLP/JSON.
        case json = 1
    }

    /// 16 bytes, or none.
    package var traceID: [UInt8]
    /// 8 bytes, or none.
    package var spanID: [UInt8]
    /// Unix nanoseconds; the time observed where no other was sent.
    package var time: UInt64
    package var eventName: String
    package var form: Form
    package var bytes: [UInt8]

    package init(
        traceID: [UInt8], spanID: [UInt8], time: UInt64, eventName: String, form: Form,
        bytes: [UInt8]
    ) {
        self.traceID = traceID
        self.spanID = spanID
        self.time = time
        self.eventName = eventName
        self.form = form
        self.bytes = bytes
    }
}
