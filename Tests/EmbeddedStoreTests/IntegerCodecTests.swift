import Testing

@testable import EmbeddedStore

@Suite struct `Integer sequences` {
    static let samples: [[UInt64]] = [
        [], [0], [.max], [7, 7, 7], [0, .max, 1, .max / 2, 1 << 63],
        (0..<5000).map { $0 }, (0..<5000).map { $0 * $0 },
        (0..<5000).map { UInt64($0 / 100) },
        (0..<5000).map { [3, 1 << 40, 9, .max][$0 % 4] },
        (0..<3000).map { _ in UInt64.random(in: .min ... .max) },
        (0..<3000).map { _ in
            UInt64.random(in: 1_794_910_000_000_000_000...1_795_000_000_000_000_000)
        },
    ]

    @Test(arguments: samples.indices)
    func `come back as they went in`(sample: Int) throws {
        let values = Self.samples[sample]
        var bytes: [UInt8] = []
        IntegerCodec.append(values, to: &bytes)
        try bytes.withUnsafeBytes {
            var reader = ByteReader($0)
            let read = try IntegerCodec.read(&reader, count: values.count)
            #expect(read == values)
            #expect(reader.isAtEnd)
        }
    }

    @Test(arguments: 1...64)
    func `come back at every width`(width: Int) throws {
        let mask = width == 64 ? UInt64.max : (1 << UInt64(width)) - 1
        let values = (0..<2500).map { _ in UInt64.random(in: .min ... .max) & mask }
        var bytes: [UInt8] = []
        IntegerCodec.append(values, to: &bytes)
        try bytes.withUnsafeBytes {
            var reader = ByteReader($0)
            let read = try IntegerCodec.read(&reader, count: values.count)
            #expect(read == values)
        }
    }

    @Test func `take one value a trace where traces agree`() throws {
        let ends: [UInt32] = (1...500).map { $0 * 4 }
        let values = (0..<2000).map { UInt64($0 / 4 * 7919 % 1000) }
        var bytes: [UInt8] = []
        IntegerCodec.append(values, traceEnds: ends, to: &bytes)
        var without: [UInt8] = []
        IntegerCodec.append(values, to: &without)
        #expect(bytes.count < without.count)
        try bytes.withUnsafeBytes {
            var reader = ByteReader($0)
            let read = try IntegerCodec.read(&reader, count: values.count, traceEnds: ends)
            #expect(read == values)
        }
    }

    @Test(arguments: samples.indices.filter { samples[$0].count > 1 })
    func `refuse bytes cut short at any point`(sample: Int) {
        let values = Self.samples[sample]
        var bytes: [UInt8] = []
        IntegerCodec.append(values, to: &bytes)
        for length in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 300)) {
            bytes.withUnsafeBytes {
                var reader = ByteReader(UnsafeRawBufferPointer(rebasing: $0[0..<length]))
                #expect(throws: DamagedBytes.self) {
                    try IntegerCodec.read(&reader, count: values.count)
                }
            }
        }
    }

    @Test func `never crash on bytes of chance`() {
        for _ in 0..<2000 {
            let bytes = (0..<Int.random(in: 0...80)).map { _ in UInt8.random(in: 0...255) }
            bytes.withUnsafeBytes {
                var reader = ByteReader($0)
                _ = try? IntegerCodec.read(&reader, count: 100, traceEnds: [50, 100])
            }
        }
    }
}
