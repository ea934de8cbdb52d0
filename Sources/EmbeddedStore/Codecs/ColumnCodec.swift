internal import Spans

/// Columns as bytes: presence, values and, unless they are long texts, the dictionary.
///
/// Long texts (prompts, outputs) are handed back to the caller, who keeps them apart, so that slicing
/// never touches them.
enum ColumnCodec {
    /// A dictionary whose values are longer than this on average holds texts.
    static let textBytesMin = 48

    static let inline: UInt8 = 0
    static let apart: UInt8 = 1
    static let pooled: UInt8 = 2

    /// Whether a column's values are long texts, which are kept apart.
    static func holdsTexts(_ key: ColumnKey, values: Int, bytes: Int) -> Bool {
        mayHoldTexts(key) && areTexts(values: values, bytes: bytes)
    }

    static func mayHoldTexts(_ key: ColumnKey) -> Bool {
        key.origin == .attribute && key.type.isCoded && key.type != .strings
    }

    /// - Parameters:
    ///   - values: how many there are.
    ///   - bytes: how many all of them have.
    static func areTexts(values: Int, bytes: Int) -> Bool { bytes > textBytesMin * values }

    /// Appends a column. `sorted` says that its dictionaries, but for long texts, are in the order of their bytes.
    ///
    /// - Parameter pooled: long texts are to be kept in a pool, which knows their lengths.
    /// - Returns: the texts that the caller must keep, in order, or nil if there are none.
    static func append(
        _ column: ColumnData, rowCount: Int, traceEnds: [UInt32], sorted: Bool,
        pooled: Bool = false,
        to bytes: inout [UInt8]
    ) -> StringTable? {
        PresenceCodec.append(column.presence, rowCount: rowCount, to: &bytes)
        // Sequences of one value a trace need a value on every row.
        let traceEnds = column.presence.count == rowCount ? traceEnds : []
        switch column.key.type {
        case .empty:
            return nil
        case .int, .bool:
            IntegerCodec.append(column.numbers, traceEnds: traceEnds, to: &bytes)
            return nil
        case .double:
            DoubleCodec.append(column.numbers, traceEnds: traceEnds, to: &bytes)
            return nil
        case .strings:
            bytes.appendVarint(column.lists.count)
            IntegerCodec.append(column.codes, traceEnds: traceEnds, to: &bytes)
            appendLists(column.lists, to: &bytes)
            bytes.appendVarint(column.strings.count)
            StringCodec.append(column.strings, sorted: sorted, to: &bytes)
            return nil
        case .string, .bytes, .array, .map:
            bytes.appendVarint(column.strings.count)
            IntegerCodec.append(column.codes, traceEnds: traceEnds, to: &bytes)
            let strings = column.strings
            guard holdsTexts(column.key, values: strings.count, bytes: strings.bytes.count) else {
                bytes.append(inline)
                StringCodec.append(column.strings, sorted: sorted, to: &bytes)
                return nil
            }
            if pooled {
                bytes.append(Self.pooled)
            } else {
                bytes.append(apart)
                IntegerCodec.append(StringCodec.lengths(strings), to: &bytes)
            }
            return strings
        }
    }

    private static func appendLists(_ lists: ListTable, to bytes: inout [UInt8]) {
        var lengths: [UInt64] = []
        var start: UInt32 = 0
        for end in lists.ends {
            lengths.append(UInt64(end - start))
            start = end
        }
        IntegerCodec.append(lengths, to: &bytes)
        IntegerCodec.append(lists.codes, to: &bytes)
    }

    /// Reads a column. Texts that lie elsewhere are not there (`ColumnData.texts`).
    static func read(
        _ reader: inout ByteReader, key: ColumnKey, rowCount: Int, traceEnds: [UInt32]
    ) throws(DamagedBytes) -> ColumnData {
        let presence = try PresenceCodec.read(&reader, rowCount: rowCount)
        var column = ColumnData(key: key, presence: presence)
        let count = presence.count
        switch key.type {
        case .empty:
            break
        case .int, .bool:
            column.numbers = try IntegerCodec.read(&reader, count: count, traceEnds: traceEnds)
        case .double:
            column.numbers = try DoubleCodec.read(&reader, count: count, traceEnds: traceEnds)
        case .strings:
            let lists = try reader.count(atMost: count)
            column.codes = try IntegerCodec.readCodes(
                &reader, count: count, below: lists, traceEnds: traceEnds)
            try readLists(&reader, count: lists, into: &column)
        case .string, .bytes, .array, .map:
            let values = try reader.count(atMost: count)
            column.codes = try IntegerCodec.readCodes(
                &reader, count: count, below: values, traceEnds: traceEnds)
            switch try reader.byte() {
            case inline:
                column.strings = try StringCodec.read(&reader, count: values)
            case apart:
                let lengths = try IntegerCodec.read(&reader, count: values)
                column.strings.ends = try StringCodec.ends(lengths)
                column.texts = .apart
            case pooled:
                column.strings.ends = [UInt32](repeating: 0, count: values)
                column.texts = .pooled
            case let place: throw DamagedBytes("strings at place \(place)")
            }
        }
        return column
    }

    /// A code takes at least no bits at all, so nothing but this bounds the count.
    static let elementsMax = 1 << 28

    private static func readLists(
        _ reader: inout ByteReader, count: Int, into column: inout ColumnData
    ) throws(DamagedBytes) {
        let lengths = try IntegerCodec.read(&reader, count: count)
        column.lists.ends = try StringCodec.ends(lengths)
        let elements = Int(column.lists.ends.last ?? 0)
        guard elements <= elementsMax else { throw DamagedBytes("\(elements) list elements") }
        column.lists.codes = try IntegerCodec.readCodes(&reader, count: elements, below: 1 << 32)
        let distinct = try reader.count(atMost: elements)
        for code in column.lists.codes where code >= UInt32(distinct) {
            throw DamagedBytes("element \(code) of \(distinct)")
        }
        column.strings = try StringCodec.read(&reader, count: distinct)
    }
}
