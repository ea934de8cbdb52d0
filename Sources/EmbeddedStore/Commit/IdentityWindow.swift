/// Where the spans of small segments are, by identity: what each new span is checked against.
///
/// An open-addressing table of (hash, segment, row). Two spans may share a hash; the caller compares.
struct IdentityWindow {
    /// A row of a small segment, which is named by a number of the window's owner.
    struct Location: Equatable {
        var segment: UInt32
        var row: UInt32
    }

    /// 0 marks a free slot; a hash of 0 counts as 1.
    private var hashes: [UInt64]
    private var locations: [Location]
    private(set) var count = 0

    /// Places of the table: what it takes is 16 bytes each.
    var size: Int { hashes.count }

    init() {
        hashes = [UInt64](repeating: 0, count: Self.sizeMin)
        locations = [Location](repeating: Location(segment: 0, row: 0), count: Self.sizeMin)
    }

    /// Puts a span at its location, unless `isSame` finds it among those with its hash: then that
    /// location is returned, and `replaces` says whether the new one takes its place.
    mutating func insert(
        _ hash: UInt64, _ location: Location, isSame: (Location) -> Bool,
        replaces: (Location) -> Bool
    ) -> Location? {
        if (count + 1) * 4 > hashes.count * 3 { grow() }
        let hash = max(hash, 1)
        var slot = Int(truncatingIfNeeded: hash) & (hashes.count - 1)
        while hashes[slot] != 0 {
            if hashes[slot] == hash, isSame(locations[slot]) {
                let found = locations[slot]
                if replaces(found) { locations[slot] = location }
                return found
            }
            slot = (slot + 1) & (hashes.count - 1)
        }
        hashes[slot] = hash
        locations[slot] = location
        count += 1
        return nil
    }

    /// Forgets all spans of some segments.
    mutating func remove(segments: Set<UInt32>) {
        let kept = hashes.indices.count {
            hashes[$0] != 0 && !segments.contains(locations[$0].segment)
        }
        var size = Self.sizeMin
        while kept * 2 > size { size *= 2 }
        rebuild(size: size) { !segments.contains($0.segment) }
    }

    private mutating func grow() { rebuild(size: hashes.count * 2) { _ in true } }

    private static let sizeMin = 1024

    private mutating func rebuild(size: Int, keeping isKept: (Location) -> Bool) {
        let old = (hashes, locations)
        hashes = [UInt64](repeating: 0, count: size)
        locations = [Location](repeating: Location(segment: 0, row: 0), count: size)
        count = 0
        for index in old.0.indices where old.0[index] != 0 && isKept(old.1[index]) {
            var slot = Int(truncatingIfNeeded: old.0[index]) & (size - 1)
            while hashes[slot] != 0 { slot = (slot + 1) & (size - 1) }
            hashes[slot] = old.0[index]
            locations[slot] = old.1[index]
            count += 1
        }
    }
}
