import Spans
import TestSupport
import Testing

@testable import EmbeddedStore

@Suite struct `Picked rows` {
    /// Sequences of every form, as the encoder chooses them.
    private static let sequences =
        `Integer sequences`.samples + [
            (0..<4000).map { UInt64($0 / 7 % 3) }, (0..<4000).map { _ in .random(in: 0...1) },
            (0..<4000).map { UInt64($0 * 1000) + .random(in: 0...9) },
        ]

    @Test(arguments: sequences.indices)
    func `of a sequence are those that reading all of it gives`(sample: Int) throws {
        let values = Self.sequences[sample]
        var bytes: [UInt8] = []
        IntegerCodec.append(values, to: &bytes)
        let all = Array(values.indices)
        for places in [[], all, all.filter { _ in .random(in: 0..<50) == 0 }, all.suffix(1)] {
            try bytes.withUnsafeBytes {
                var reader = ByteReader($0)
                let picked = try IntegerCodec.pick(places, &reader, count: values.count)
                #expect(picked == places.map { values[$0] })
                #expect(reader.isAtEnd)
            }
        }
    }

    @Test func `of values by trace are their traces'`() throws {
        let ends: [UInt32] = (1...500).map { $0 * 4 }
        let values = (0..<2000).map { UInt64($0 / 4 * 7919 % 1000) }
        var bytes: [UInt8] = []
        IntegerCodec.append(values, traceEnds: ends, to: &bytes)
        #expect(bytes.first == IntegerCodec.Form.perTrace.rawValue)
        let places = [0, 3, 4, 999, 1000, 1999]
        try bytes.withUnsafeBytes {
            var reader = ByteReader($0)
            let picked = try IntegerCodec.pick(places, &reader, count: 2000, traceEnds: ends)
            #expect(picked == places.map { values[$0] })
        }
    }

    /// The rows of a column that have a value, as text.
    private static func texts(_ column: ColumnData, _ rows: [Int]) -> [Int: String] {
        var texts: [Int: String] = [:]
        for row in rows {
            guard let entry = column.presence.index(of: row) else { continue }
            switch column.key.type {
            case .empty: texts[row] = ""
            case .int, .bool, .double: texts[row] = "\(column.numbers[entry])"
            case .strings:
                texts[row] = column.lists[Int(column.codes[entry])]
                    .map { column.strings.string(Int($0)) }.joined(separator: "|")
            case .string, .bytes, .array, .map:
                let code = Int(column.codes[entry])
                texts[row] = column.lacksTexts ? "\(code)" : column.strings.string(code)
            }
        }
        return texts
    }

    private static func column(
        _ type: ValueType, rowCount: Int, oneOf: Int, _ random: inout SeededGenerator
    ) -> ColumnData {
        var builder = ColumnBuilder(ColumnKey(.span, .attribute, "key", type))
        for row in 0..<UInt32(rowCount) where Int.random(in: 0..<oneOf, using: &random) == 0 {
            let number = UInt64.random(in: 0..<400, using: &random)
            let text = Array("value \(number * number) \(number % 7)".utf8)
            switch type {
            case .empty: builder.appendPresence(row: row)
            case .int, .bool: builder.append(number: number, row: row)
            case .double: builder.append(number: (Double(number) / 100).bitPattern, row: row)
            case .strings:
                let codes = (0..<number % 4).map { index in
                    Array("element \(number % 20 + index)".utf8)
                        .withUnsafeBytes { builder.elements.code(of: $0).littleEndian }
                }
                codes.withUnsafeBytes { builder.append(bytes: $0, row: row) }
            case .string, .bytes, .array, .map:
                text.withUnsafeBytes { builder.append(bytes: $0, row: row) }
            }
        }
        return ColumnData(builder, rowCount: rowCount)
    }

    @Test(arguments: ValueType.allCases, [1, 2, 40])
    func `of a column are those of the whole column`(type: ValueType, oneOf: Int) throws {
        var random = SeededGenerator(seed: UInt64(type.rawValue) * 100 + UInt64(oneOf))
        for rowCount in [1, 9, 3000] {
            var column = Self.column(type, rowCount: rowCount, oneOf: oneOf, &random)
            for sorted in [false, true] {
                if sorted, type.isCoded, type != .strings {
                    // As merging leaves it.
                    var union = CodedUnion(type)
                    let used = [Bool](repeating: true, count: column.valueCount)
                    let codes = union.add(column, used: used)
                    column.codes = column.codes.map { codes[Int($0)] }
                    union.orderByBytes(&column)
                }
                var bytes: [UInt8] = []
                _ = ColumnCodec.append(
                    column, rowCount: rowCount, traceEnds: [], sorted: sorted, to: &bytes)
                for rows in [
                    [], [0], [rowCount - 1],
                    (0..<rowCount).filter { _ in Int.random(in: 0..<30, using: &random) == 0 },
                ] {
                    try bytes.withUnsafeBytes {
                        var reader = ByteReader($0)
                        let whole = try ColumnCodec.read(
                            &reader, key: column.key, rowCount: rowCount, traceEnds: [])
                        reader = ByteReader($0)
                        let picked = try ColumnCodec.pick(
                            rows, &reader, key: column.key, rowCount: rowCount, traceEnds: [])
                        #expect(Self.texts(picked, rows) == Self.texts(whole, rows))
                        #expect(Self.texts(picked, rows) == Self.texts(column, rows))
                    }
                }
            }
        }
    }

    @Test func `never crash on bytes of chance`() {
        for type in ValueType.allCases {
            let key = ColumnKey(.span, .attribute, "key", type)
            for _ in 0..<2000 {
                let bytes = (0..<Int.random(in: 0...80)).map { _ in UInt8.random(in: 0...6) }
                bytes.withUnsafeBytes {
                    var reader = ByteReader($0)
                    _ = try? ColumnCodec.pick(
                        [3, 50, 99], &reader, key: key, rowCount: 100, traceEnds: [50, 100])
                }
            }
        }
    }
}
