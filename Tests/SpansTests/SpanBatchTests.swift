import Spans
import Testing

@Suite struct `Span batches` {
    private func set(_ batch: inout SpanBatch, _ key: String, _ value: String) {
        Array(key.utf8).withUnsafeBytes { key in
            Array(value.utf8).withUnsafeBytes { batch.spans.set(key, .string, bytes: $0) }
        }
    }

    private func values(_ batch: SpanBatch, _ key: String, _ type: ValueType) -> [Int: String] {
        guard
            let column = batch.spans.columns.first(where: {
                $0.key.name == key && $0.key.type == type
            })
        else { return [:] }
        return Dictionary(
            uniqueKeysWithValues: zip(column.rows, column.codes).map {
                (Int($0), column.dictionary.string(Int($1)))
            })
    }

    @Test func `keep the last value of a repeated key, whatever its type`() {
        var batch = SpanBatch()
        batch.spans.beginRow()
        set(&batch, "a", "1")
        set(&batch, "a", "2")
        batch.spans.beginRow()
        set(&batch, "a", "3")
        Array("a".utf8).withUnsafeBytes { batch.spans.set($0, .int, number: 4) }
        #expect(values(batch, "a", .string) == [0: "2"])
        #expect(batch.spans.columns.last?.numbers == [4])
        #expect(batch.spans.duplicateKeys == 2)
    }

    @Test func `forget a row that is taken back`() {
        var batch = SpanBatch()
        batch.spans.beginRow()
        set(&batch, "a", "1")
        batch.spans.beginRow()
        set(&batch, "a", "2")
        set(&batch, "b", "2")
        batch.spans.removeLastRow()
        batch.spans.beginRow()
        set(&batch, "a", "3")
        #expect(values(batch, "a", .string) == [0: "1", 1: "3"])
        #expect(values(batch, "b", .string) == [:])
    }

    @Test func `join with codes and rows put right`() {
        var first = SpanBatch()
        var second = SpanBatch()
        first.resources.beginRow()
        first.spans.beginRow()
        set(&first, "a", "x")
        second.resources.beginRow()
        for value in ["y", "x"] {
            second.spans.beginRow()
            second.spans.set(SpanField.resource, 0)
            set(&second, "a", value)
        }
        second.events.beginRow()
        second.events.set(EventField.span, 1)
        first.append(second)
        #expect(values(first, "a", .string) == [0: "x", 1: "y", 2: "x"])
        #expect(first.spans.columns[SpanField.resource.rawValue].numbers == [1, 1])
        #expect(first.events.columns[EventField.span.rawValue].numbers == [2])
    }
}
