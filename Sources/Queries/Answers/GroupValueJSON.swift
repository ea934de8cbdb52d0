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
        if case .integer(let time) = value, field.name == "start_time",
            field.scope == .any || field.scope == .root
        {
            self.value(Timestamp.text(time))
        } else {
            self.value(value)
        }
    }

    mutating func time(_ name: String, _ nanoseconds: Int64?) {
        key(name)
        if let nanoseconds { value(Timestamp.text(nanoseconds)) } else { null() }
    }
}
