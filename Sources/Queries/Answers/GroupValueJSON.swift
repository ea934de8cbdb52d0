internal import JSON
internal import Spans
internal import Store

extension JSONWriter {
    /// A value as JSON: bytes as `{"bytes":"base64"}`, structures as they are.
    mutating func value(_ value: GroupValue) {
        switch value {
        case .null: null()
        case .text(let text): self.value(text)
        case .integer(let number): raw(String(number))
        case .double(let number): self.value(number)
        case .boolean(let flag): self.value(flag)
        case .json(let text): raw(text)
        case .bytes(let bytes):
            object { $0.member("bytes", AttributeValue.base64(bytes)) }
        }
    }

    /// A value of a field; start times are written as RFC 3339.
    mutating func value(_ value: GroupValue, of field: Field) {
        if case .integer(let time) = value, field.isIntrinsic("start_time") {
            self.value(Timestamp.text(time))
        } else {
            self.value(value)
        }
    }

    /// Several values of one field: null, the value, or an array of them.
    mutating func value(_ values: [GroupValue], of field: Field? = nil) {
        func write(_ value: GroupValue, _ json: inout JSONWriter) {
            if let field { json.value(value, of: field) } else { json.value(value) }
        }
        switch values.count {
        case 0: null()
        case 1: write(values[0], &self)
        default:
            array { json in
                for value in values { write(value, &json) }
            }
        }
    }

    mutating func time(_ name: String, _ nanoseconds: Int64?) {
        key(name)
        if let nanoseconds { value(Timestamp.text(nanoseconds)) } else { null() }
    }
}
