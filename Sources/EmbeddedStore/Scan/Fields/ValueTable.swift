internal import Spans
internal import Store
internal import Synchronization

/// Distinct values of one field within a frame, by code from 1 on; 0 is null.
///
/// A value is held as a tag and its bytes, so that values of all types lie in one dictionary and the
/// parts of a scan can be merged by comparing bytes. 1 and 1.0 are one value, "1" is another.
struct ValueTable: Sendable {
    enum Tag: UInt8 {
        case text = 1
        case integer = 2
        case double = 3
        case boolean = 4
        case bytes = 5
        case json = 6
    }

    private(set) var dictionary = ByteDictionary()
    private var scratch: [UInt8] = []

    init() {}

    /// Texts that are distinct and in the order of their bytes.
    init(sorted texts: StringTable) {
        var bytes: [UInt8] = []
        var ends: [UInt32] = []
        bytes.reserveCapacity(texts.bytes.count + texts.count)
        ends.reserveCapacity(texts.count)
        for code in 0..<texts.count {
            bytes.append(Tag.text.rawValue)
            texts.withValue(code) { bytes.append(contentsOf: $0) }
            ends.append(UInt32(bytes.count))
        }
        dictionary = ByteDictionary(sorted: bytes, ends: ends)
    }

    /// How many values there are, null not counted.
    var count: Int { dictionary.count }

    /// Makes room for values whose bytes together are `bytes`.
    mutating func reserve(values: Int, bytes: Int) {
        dictionary.reserve(values: values, bytes: bytes + values)
    }

    mutating func code(text: UnsafeRawBufferPointer) -> UInt32 { code(.text, text) }

    mutating func code(bytes: UnsafeRawBufferPointer) -> UInt32 { code(.bytes, bytes) }

    mutating func code(json: String) -> UInt32 {
        Array(json.utf8).withUnsafeBytes { code(.json, $0) }
    }

    mutating func code(integer: Int64) -> UInt32 {
        withUnsafeBytes(of: integer.littleEndian) { code(.integer, $0) }
    }

    mutating func code(double: Double) -> UInt32 {
        if let integer = Int64(exactly: double) { return code(integer: integer) }
        return withUnsafeBytes(of: double.bitPattern.littleEndian) { code(.double, $0) }
    }

    mutating func code(boolean: Bool) -> UInt32 {
        withUnsafeBytes(of: UInt8(boolean ? 1 : 0)) { code(.boolean, $0) }
    }

    mutating func code(_ value: GroupValue) -> UInt32 {
        switch value {
        case .null: 0
        case .text(let text): Array(text.utf8).withUnsafeBytes { code(text: $0) }
        case .integer(let value): code(integer: value)
        case .double(let value): code(double: value)
        case .boolean(let value): code(boolean: value)
        case .bytes(let value): value.withUnsafeBytes { code(bytes: $0) }
        case .json(let text): code(json: text)
        }
    }

    private mutating func code(_ tag: Tag, _ bytes: UnsafeRawBufferPointer) -> UInt32 {
        scratch.removeAll(keepingCapacity: true)
        scratch.append(tag.rawValue)
        scratch.append(contentsOf: bytes)
        return scratch.withUnsafeBytes { dictionary.code(of: $0) } + 1
    }

    /// The value of a code.
    func value(_ code: UInt32) -> GroupValue {
        code == 0 ? .null : dictionary.withValue(Int(code) - 1) { Self.value($0) }
    }

    /// Calls `body` with the bytes of a code that is not 0, if it is a text.
    func withText(_ code: UInt32, _ body: (UnsafeRawBufferPointer) -> Void) {
        dictionary.withValue(Int(code) - 1) { tagged in
            if tagged.first == Tag.text.rawValue {
                body(UnsafeRawBufferPointer(rebasing: tagged.dropFirst()))
            }
        }
    }

    /// The tag and bytes of a code that is not 0.
    func tagged(_ code: UInt32) -> ArraySlice<UInt8> { dictionary[Int(code) - 1] }

    /// Appends the length of a value's tag and bytes, and these; of null 0 alone.
    func append(_ code: UInt32, to bytes: inout [UInt8]) {
        if code == 0 { return bytes.appendVarint(0) }
        dictionary.withValue(Int(code) - 1) { tagged in
            bytes.appendVarint(tagged.count)
            bytes.append(contentsOf: tagged)
        }
    }

    /// Reads a value back from its tag and bytes; nothing at all is null.
    static func value(_ tagged: UnsafeRawBufferPointer) -> GroupValue {
        guard let first = tagged.first, let tag = Tag(rawValue: first) else { return .null }
        let bytes = UnsafeRawBufferPointer(rebasing: tagged.dropFirst())
        switch tag {
        case .text: return .text(String(decoding: bytes, as: UTF8.self))
        case .json: return .json(String(decoding: bytes, as: UTF8.self))
        case .bytes: return .bytes(Array(bytes))
        case .boolean: return .boolean(bytes.first == 1)
        case .integer:
            return .integer(Int64(littleEndian: bytes.loadUnaligned(as: Int64.self)))
        case .double:
            let pattern = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
            return .double(Double(bitPattern: pattern))
        }
    }
}

/// The values of one field for every row of a frame.
struct ResolvedField: MemorySized {
    /// No other has it: what is made of these codes holds for them alone.
    let id = ResolvedField.ids.add(1, ordering: .relaxed).newValue
    private static let ids = Atomic<UInt64>(0)

    /// For each row a code of `values`, or of `lists` if there are any; 0 is null.
    let codes: Codes
    let values: ValueTable
    /// Where rows may have several values: for each code the codes of its values, from index 1 on.
    let lists: ListTable?

    init(codes: [UInt32], values: ValueTable, lists: ListTable?) {
        self.codes = Codes(codes)
        self.values = values
        self.lists = lists
    }

    var byteCount: Int {
        codes.byteCount + values.dictionary.bytes.count + values.count * 16
            + (lists.map { ($0.codes.count + $0.count) * 4 } ?? 0)
    }

    /// How many different codes rows may have, null included.
    var codeCount: Int { lists.map(\.count) ?? values.count + 1 }

    /// How many values rows have, each counted as often as a row has it.
    var entryCount: Int {
        guard let lists else { return codes.count(where: { $0 != 0 }) }
        var count = 0
        for code in codes where code != 0 { lists.forEach(in: Int(code)) { _ in count += 1 } }
        return count
    }

    /// The values that a code stands for.
    @inline(__always)
    func forEachValue(of code: UInt32, _ body: (UInt32) -> Void) {
        if code == 0 { return }
        guard let lists else { return body(code) }
        lists.forEach(in: Int(code), body)
    }
}
