internal import Spans

/// The groups of several frames under one numbering, with their counts over all of these.
struct GroupNumbers: Sendable {
    /// The groups by the bytes of their values (`GroupKey`).
    private(set) var keys: ByteDictionary
    /// By key.
    private(set) var tallies: [Tally] = []
    /// For each frame and group its key, or `max` for one without units, or that was left out.
    private(set) var keyOf: [[UInt32]] = []

    /// With more groups than this, all cores put them together.
    private static let groupsOfOneCore = 16 << 10

    /// - Parameter keys: those of another window.
    private init(_ keys: ByteDictionary) { self.keys = keys }

    /// - Parameters:
    ///   - keys: those of another window.
    ///   - failuresLeast: groups with fewer failures in all frames together may be left out.
    init(
        _ scans: [any FrameScan], _ keys: ByteDictionary = ByteDictionary(), failuresLeast: Int,
        _ control: ScanControl
    ) throws {
        self.keys = keys
        let isFailingOnly = failuresLeast > 0
        @Sendable func visit(_ scan: any FrameScan, _ body: Body) throws {
            try isFailingOnly ? scan.visitFailingGroups(body) : scan.visitGroups(body)
        }
        let parts = Self.parts(scans)
        if parts.count > 1 {
            let numbered = try Scanner.parallel(parts) { part in
                var numbers = GroupNumbers(ByteDictionary())
                for scan in part { try numbers.add(scan, control) { try visit(scan, $0) } }
                return numbers
            }
            if keys.count == 0 {
                self = numbered[0]
                for other in numbered.dropFirst() { append(other) }
            } else {
                for other in numbered { append(other) }
            }
        } else {
            for scan in scans { try add(scan, control) { try visit(scan, $0) } }
        }
        if isFailingOnly { try addRest(of: scans, failuresLeast) }
    }

    /// Two halves, if there are many groups.
    private static func parts(_ scans: [any FrameScan]) -> [[any FrameScan]] {
        let counts = scans.map(\.groupCount)
        let all = counts.reduce(0, +)
        if all < groupsOfOneCore || scans.count < 2 { return [scans] }
        var sum = 0
        var end = 0
        while end < scans.count - 1, sum < all / 2 {
            sum += counts[end]
            end += 1
        }
        return [Array(scans[..<end]), Array(scans[end...])]
    }

    private typealias Body = (Int, UnsafeRawBufferPointer, Tally) -> Void

    private mutating func add(
        _ scan: any FrameScan, _ control: ScanControl, _ visit: (Body) throws -> Void
    ) throws {
        try control.check()
        let before = (keys: keys.byteCount, tallies: tallies.count)
        var own = [UInt32](repeating: .max, count: scan.groupCount)
        // Room for as many new keys as there may be, and for those of another window.
        let room = keys.count + scan.groupCount - tallies.count
        tallies.append(contentsOf: repeatElement(Tally(), count: room))
        try own.withUnsafeMutableBufferPointer { own in
            try tallies.withUnsafeMutableBufferPointer { tallies in
                try visit { group, bytes, tally in
                    let key = keys.code(of: bytes)
                    tallies[Int(key)] += tally
                    own[group] = key
                }
            }
        }
        tallies.removeLast(tallies.count - keys.count)
        keyOf.append(own)
        // A key is a number of the frame, counts, and a place among the candidates for a row.
        try control.reserve(
            keys.byteCount - before.keys + own.count * 4 + (tallies.count - before.tallies) * 16,
            .groups)
    }

    /// Adds what frames have of groups that fail elsewhere alone. All failures are known by now, and of most groups nothing
    /// more needs to be.
    private mutating func addRest(of scans: [any FrameScan], _ failuresLeast: Int) throws {
        struct Share {
            let group: Int
            let key: Int
            let tally: Tally
        }
        // In the order of their bytes, as groups are stored.
        let wanted = tallies.indices.filter { tallies[$0].failures >= failuresLeast }.sorted {
            key, other in
            keys.withValue(key) { key in keys.withValue(other) { GroupKey.precedes(key, $0) } }
        }
        let shares = try Scanner.parallel(Array(scans.indices)) { [keys, keyOf] index in
            var shares: [Share] = []
            try scans[index].visitGroups(wanted, of: keys) { group, key, tally in
                if keyOf[index][group] == .max {
                    shares.append(Share(group: group, key: key, tally: tally))
                }
            }
            return shares
        }
        for (index, shares) in shares.enumerated() {
            for share in shares {
                keyOf[index][share.group] = UInt32(share.key)
                tallies[share.key] += share.tally
            }
        }
    }

    /// Adds the groups of other frames.
    private mutating func append(_ other: GroupNumbers) {
        let mine = (0..<other.keys.count).map { key in
            other.keys.withValue(key) { keys.code(of: $0) }
        }
        tallies.append(contentsOf: repeatElement(Tally(), count: keys.count - tallies.count))
        for (key, own) in mine.enumerated() { tallies[Int(own)] += other.tallies[key] }
        keyOf += other.keyOf.map { keys in keys.map { $0 == .max ? .max : mine[Int($0)] } }
    }
}
