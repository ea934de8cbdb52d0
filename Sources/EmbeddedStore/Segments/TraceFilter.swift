internal import Spans

/// A set of trace ids that may say yes to a few that are not in it: a Bloom filter in blocks of 512
/// bits, so that a look-up touches one cache line (Putze, Sanders, Singler: "Cache-, Hash- and
/// Space-Efficient Bloom Filters", 2007).
///
/// 6 probes. Of a segment 12 bits a trace: about 1 of 200 strangers passes; of a partition 24: 1 of some 5,000.
struct TraceFilter: Sendable, Equatable {
    private static let probes = 6
    /// Filters are stored, so their hash must be the same in every process.
    private static let seed: UInt64 = 0x4576_6572_7973_7061

    private var words: [UInt64]

    /// Of one segment's traces.
    init(hashes: some Collection<UInt64>) {
        self.init(traces: hashes.count, bitsPerTrace: 12)
        for hash in hashes { insert(hash) }
    }

    /// Lets nothing pass yet, and has room for so many traces.
    init(traces: Int, bitsPerTrace: Int) {
        let blocks = max(1, (traces * bitsPerTrace + 511) / 512)
        words = [UInt64](repeating: 0, count: blocks * 8)
    }

    /// The hash of a trace id that `contains` takes.
    static func hash(_ traceID: UnsafeRawBufferPointer) -> UInt64 {
        hashBytes(traceID, seed: seed)
    }

    mutating func insert(_ hash: UInt64) {
        let block = blockStart(hash)
        for probe in 0..<Self.probes {
            let bit = Self.bit(hash, probe)
            words[block + (bit >> 6)] |= 1 << UInt64(bit & 63)
        }
    }

    func contains(_ hash: UInt64) -> Bool {
        let block = blockStart(hash)
        for probe in 0..<Self.probes {
            let bit = Self.bit(hash, probe)
            if words[block + (bit >> 6)] & (1 << UInt64(bit & 63)) == 0 { return false }
        }
        return true
    }

    /// The places of the hashes that pass, ascending.
    ///
    /// Each commit asks all large segments for all of its traces, and hardly any is there: so there is no branch for each
    /// probe, and the processor can fetch the blocks of many hashes at once.
    func places(of hashes: [UInt64]) -> [Int] {
        var places: [Int] = []
        words.withUnsafeBufferPointer { words in
            hashes.withUnsafeBufferPointer { hashes in
                let blocks = UInt64(words.count / 8) << 32
                for place in 0..<hashes.count {
                    let hash = hashes[place]
                    let block = Int((hash >> 32).multipliedFullWidth(by: blocks).high) &* 8
                    var all: UInt64 = 1
                    for probe in 0..<Self.probes {
                        let bit = Self.bit(hash, probe)
                        all &= words[block &+ (bit >> 6)] &>> UInt64(bit & 63)
                    }
                    if all == 1 { places.append(place) }
                }
            }
        }
        return places
    }

    private func blockStart(_ hash: UInt64) -> Int {
        Int((hash >> 32).multipliedFullWidth(by: UInt64(words.count / 8) << 32).high) * 8
    }

    @inline(__always)
    private static func bit(_ hash: UInt64, _ probe: Int) -> Int {
        // Nine bits a probe from a multiple of the low half.
        let mixed = (hash & 0xffff_ffff) &* 0x9e37_79b9_7f4a_7c15
        return Int(truncatingIfNeeded: mixed >> UInt64(probe * 9 + 8)) & 511
    }

    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(words.count * 8)
        for word in words { bytes.appendLittleEndian(word) }
        return bytes
    }

    init(bytes: UnsafeRawBufferPointer) throws(DamagedBytes) {
        guard bytes.count >= 64, bytes.count % 64 == 0 else {
            throw DamagedBytes("trace filter of \(bytes.count) bytes")
        }
        words = stride(from: 0, to: bytes.count, by: 8).map {
            UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt64.self))
        }
    }
}
