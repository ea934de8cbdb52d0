/// Enumerations of OTLP as the API writes them.
package enum SpanWords {
    package static func kind(_ kind: UInt64) -> String {
        switch kind {
        case 2: "SERVER"
        case 3: "CLIENT"
        case 4: "PRODUCER"
        case 5: "CONSUMER"
        default: "INTERNAL"
        }
    }

    package static func status(_ status: UInt64) -> String {
        switch status {
        case 1: "ok"
        case 2: "error"
        default: "unset"
        }
    }
}
