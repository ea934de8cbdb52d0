import Spans
import TestSupport

@testable import Wire

/// Makes `ExportTraceServiceRequest` messages with everything in them, and says what they hold.
struct RandomRequest {
    var random: SeededGenerator
    private(set) var models: [SpanModel] = []

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func bytes() -> [UInt8] {
        var message = ProtobufWriter()
        for _ in 0..<number(1...3) {
            let encoded = resourceSpans()
            message.field(1, bytes: encoded)
        }
        return message.bytes
    }

    private mutating func number(_ range: ClosedRange<Int>) -> Int {
        Int.random(in: range, using: &random)
    }

    private mutating func text() -> String {
        let texts = [
            "", "a", "chat gpt", "é中😀", "line\nbreak\t\"quoted\"\\", "\0",
            String(repeating: "long ", count: 50),
        ]
        return texts[number(0...texts.count - 1)]
    }

    private mutating func value(depth: Int) -> AttributeValue {
        switch number(0...(depth > 0 ? 8 : 5)) {
        case 0: return .empty
        case 1: return .string(text())
        case 2: return .bool(number(0...1) == 1)
        case 3: return .int([0, -1, .max, .min, 42][number(0...4)])
        case 4: return .double([0.0, -0.5, 1e300, .infinity, 3][number(0...4)])
        case 5: return .bytes((0..<number(0...5)).map { UInt8($0 * 50) })
        case 6: return .array((0..<number(0...3)).map { _ in value(depth: depth - 1) })
        case 7: return .array((0..<number(1...3)).map { _ in .string(text()) })
        default:
            return .map(
                (0..<number(0...3)).map { .init(key: "k\($0)", value: value(depth: depth - 1)) })
        }
    }

    private mutating func attributes() -> [AttributeValue.Entry] {
        (0..<number(0...5)).map { .init(key: "key.\($0)é", value: value(depth: 3)) }
    }

    private func write(
        _ entries: [AttributeValue.Entry], _ field: Int, _ message: inout ProtobufWriter
    ) {
        for entry in entries {
            message.field(field) { pair in
                pair.field(1, bytes: entry.key.utf8)
                pair.field(2) { entry.value.write(to: &$0) }
            }
        }
    }

    private mutating func resourceSpans() -> [UInt8] {
        var message = ProtobufWriter()
        let resource = attributes()
        let schema = text()
        let isResourceLast = number(0...1) == 1
        var head = ProtobufWriter()
        head.field(1) { write(resource, 1, &$0) }
        head.field(3, bytes: schema.utf8)
        if !isResourceLast { message.append(head.bytes) }
        for _ in 0..<number(0...2) {
            var scopeMessage = ProtobufWriter()
            let scope = [text(), text(), text()]
            let scopeAttributes = attributes()
            for _ in 0..<number(0...3) {
                let (encoded, model) = span()
                scopeMessage.field(2, bytes: encoded)
                var complete = model
                complete.resource = Set(resource)
                complete.resourceSchema = schema
                complete.scope = scope
                complete.scopeAttributes = Set(scopeAttributes)
                models.append(complete)
            }
            scopeMessage.field(1) { inner in
                inner.field(1, bytes: scope[0].utf8)
                inner.field(2, bytes: scope[1].utf8)
                write(scopeAttributes, 3, &inner)
            }
            scopeMessage.field(3, bytes: scope[2].utf8)
            // A field that no version knows.
            scopeMessage.field(999, bytes: [1, 2, 3])
            message.field(2, bytes: scopeMessage.bytes)
        }
        if isResourceLast { message.append(head.bytes) }
        return message.bytes
    }

    private mutating func span() -> ([UInt8], SpanModel) {
        let id = UInt64.random(in: 1 ... .max, using: &random)
        var model = SpanModel(
            traceID: (0..<16).map { _ in UInt8.random(in: 1...255, using: &random) }, spanID: id,
            parent: number(0...1) == 0 ? 0 : id ^ 1, name: text(),
            numbers: [
                UInt64(number(0...5)), UInt64(number(0...2)), UInt64(number(0...1)) * 0x301,
                UInt64(number(0...2)), UInt64(number(0...2)), UInt64(number(0...2)),
            ],
            texts: [text(), text()], start: number(0...4) == 0 ? 0 : receivedAt,
            end: number(0...4) == 0 ? 0 : receivedAt + 5_000_000, attributes: Set(attributes()),
            resource: [], resourceSchema: "", scope: [], scopeAttributes: [], events: [], links: [])
        if number(0...5) == 0, model.start > 0, model.end > 0 { model.end = model.start - 7 }
        for _ in 0..<number(0...2) {
            model.events.append(
                .init(
                    time: UInt64(number(0...9)), name: text(), attributes: Set(attributes()),
                    dropped: UInt64(number(0...1))))
            model.links.append(
                .init(
                    traceID: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
                    spanID: [8, 7, 6, 5, 4, 3, 2, 1], state: text(), flags: UInt64(number(0...1)),
                    attributes: Set(attributes())))
        }
        return (encoded(model), model)
    }

    private func encoded(_ model: SpanModel) -> [UInt8] {
        var message = ProtobufWriter()
        message.field(1, bytes: model.traceID)
        message.field(2, bytes: withUnsafeBytes(of: model.spanID.bigEndian) { Array($0) })
        message.field(3, bytes: model.texts[1].utf8)
        if model.parent != 0 {
            message.field(4, bytes: withUnsafeBytes(of: model.parent.bigEndian) { Array($0) })
        }
        message.field(5, bytes: model.name.utf8)
        message.field(6, varint: model.numbers[0])
        message.field(7, fixed64: model.start)
        message.field(8, fixed64: model.end)
        write(Array(model.attributes), 9, &message)
        for (field, index) in [(10, 3), (12, 4), (14, 5)] {
            message.field(field, varint: model.numbers[index])
        }
        for event in model.events {
            message.field(11) { inner in
                inner.field(1, fixed64: event.time)
                inner.field(2, bytes: event.name.utf8)
                write(Array(event.attributes), 3, &inner)
                inner.field(4, varint: event.dropped)
            }
        }
        for link in model.links {
            message.field(13) { inner in
                inner.field(1, bytes: link.traceID)
                inner.field(2, bytes: link.spanID)
                inner.field(3, bytes: link.state.utf8)
                write(Array(link.attributes), 4, &inner)
                inner.field(6, fixed32: UInt32(link.flags))
            }
        }
        message.field(15) { status in
            status.field(2, bytes: model.texts[0].utf8)
            status.field(3, varint: model.numbers[1])
        }
        message.field(16, fixed32: UInt32(model.numbers[2]))
        return message.bytes
    }
}
