internal import Foundation
internal import GRDB
internal import Spans

/// A checksum over what a partition says of a segment and its columns, so that a changed bit of a time, a count, a
/// key or the trace filter is found, and not believed. The bytes of bodies, columns and texts have their own.
///
/// The counts of a segment have a seal apart from it: they can be made anew.
enum SegmentSeal {
    /// What of a segment is sealed, in this order; then come its heads.
    static let segmentColumns = """
        id, format, spans, traces, start_min, start_max, received_min, received_max, ordered, mapping, \
        row_counts, raw_bytes, trace_filter, checksum
        """

    /// Of a segment that has no columns, from the values of `segmentColumns`.
    static func of(_ values: [DatabaseValue]) -> Int64 { of(SealedValues.bytes(of: values), []) }

    /// Of the sealed values of a row, and of the heads that belong to it.
    static func of(_ own: [UInt8], _ heads: [UInt8]) -> Int64 { Int64(crc(of: own + heads)) }
}

/// Values as bytes, so that no two look alike: a byte for its type, its length, its bytes.
enum SealedValues {
    static func bytes(of values: some Sequence<DatabaseValue>) -> [UInt8] {
        var bytes: [UInt8] = []
        for value in values { bytes.append(value) }
        return bytes
    }

    static func values(in bytes: [UInt8]) throws -> [DatabaseValue] {
        try bytes.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            var values: [DatabaseValue] = []
            while !reader.isAtEnd { values.append(try reader.value()) }
            return values
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ value: DatabaseValue) {
        switch value.storage {
        case .null: append(0)
        case .int64(let number):
            append(1)
            appendLittleEndian(UInt64(bitPattern: number))
        case .double(let number):
            append(2)
            appendLittleEndian(number.bitPattern)
        case .string(let text):
            append(3)
            appendVarint(text.utf8.count)
            append(contentsOf: text.utf8)
        case .blob(let data):
            append(4)
            appendVarint(data.count)
            append(contentsOf: data)
        }
    }
}

extension ByteReader {
    fileprivate mutating func value() throws -> DatabaseValue {
        switch try byte() {
        case 0: return .null
        case 1: return Int64(bitPattern: try word()).databaseValue
        case 2: return Double(bitPattern: try word()).databaseValue
        case 3: return String(decoding: try run(), as: UTF8.self).databaseValue
        case 4: return Data(try run()).databaseValue
        case let kind: throw DamagedBytes("a value of kind \(kind)")
        }
    }

    private mutating func word() throws -> UInt64 {
        UInt64(littleEndian: try take(8).loadUnaligned(as: UInt64.self))
    }

    private mutating func run() throws -> UnsafeRawBufferPointer {
        try take(try count(atMost: remaining))
    }
}
