internal import Spans
internal import Synchronization

/// The scores of the catalog, those of names that queries ask for in memory.
final class ScoreBook: Sendable {
    /// What indices may take together; the least recently used goes first. One that is larger alone
    /// is read anew by each query.
    fileprivate static let bytesMax = 64 << 20

    fileprivate struct State {
        var counts: [String: Int]
        var indices: [String: ScoreIndex] = [:]
        var lastUse: [String: Int] = [:]
        var clock = 0
        /// Rises with each change.
        var version = 0
        /// Scores before it were removed.
        var removedBefore: Int64 = 0
    }

    private let catalog: Catalog
    /// Held while the table is written or an index is read from it, disk included.
    private let gate = Mutex(())
    /// Never held across I/O.
    private let state: Mutex<State>

    init(_ catalog: Catalog) throws {
        self.catalog = catalog
        state = Mutex(State(counts: try catalog.scoreCounts()))
    }

    var version: Int { state.withLock { $0.version } }
    var count: Int { state.withLock { $0.counts.values.reduce(0, +) } }
    var isEmpty: Bool { state.withLock { $0.counts.isEmpty } }
    var names: Set<String> { state.withLock { Set($0.counts.keys) } }

    /// - Returns: how many replaced another.
    func append(_ scores: [Score], receivedAt: UInt64) throws -> Int {
        try gate.withLock { _ in
            let replaced = try catalog.save(scores, receivedAt: receivedAt)
            state.withLock { state in
                state.version += 1
                for (score, isReplaced) in zip(scores, replaced) {
                    if !isReplaced { state.counts[score.name, default: 0] += 1 }
                    state.indices[score.name]?.put(score)
                }
                state.trim()
            }
            return replaced.count { $0 }
        }
    }

    /// The scores of one name.
    func index(of name: String) throws -> ScoreIndex {
        if let known = known(name) { return known }
        return try gate.withLock { _ in
            if let known = known(name) { return known }
            var index = ScoreIndex()
            try catalog.scores(named: name) { index.put($0) }
            state.withLock { $0.keep(index, name) }
            return index
        }
    }

    private func known(_ name: String) -> ScoreIndex? {
        state.withLock { state in
            state.clock += 1
            guard let index = state.indices[name] else { return nil }
            state.lastUse[name] = state.clock
            return index
        }
    }

    /// The scores of a trace and of some responses, by time.
    func scores(of trace: [UInt8], responses: Set<String>) throws -> [Score] {
        try catalog.scores(ofTrace: trace, responses: responses).sorted {
            ($0.time, $0.name, $0.evaluator) < ($1.time, $1.name, $1.evaluator)
        }
    }

    /// Removes scores older than what is retained.
    func remove(before time: Int64) throws {
        if state.withLock({ $0.removedBefore >= time }) { return }
        try gate.withLock { _ in
            let removed = try catalog.removeScores(before: time)
            let counts = removed > 0 ? try catalog.scoreCounts() : nil
            state.withLock { state in
                state.removedBefore = time
                guard let counts else { return }
                state.version += 1
                state.counts = counts
                state.indices = [:]
            }
        }
    }
}

extension ScoreBook.State {
    fileprivate mutating func keep(_ index: ScoreIndex, _ name: String) {
        indices[name] = index
        lastUse[name] = clock
        trim()
    }

    /// Lets go of what was used longest ago until the rest fits.
    fileprivate mutating func trim() {
        var bytes = indices.values.reduce(0) { $0 + $1.byteCount }
        while bytes > ScoreBook.bytesMax,
            let oldest = indices.keys.min(by: { lastUse[$0] ?? 0 < lastUse[$1] ?? 0 })
        {
            bytes -= indices.removeValue(forKey: oldest)?.byteCount ?? 0
        }
    }
}

/// The scores of one name by what they are of. A value; a query keeps the one it began with.
struct ScoreIndex: Sendable {
    struct Entry: Sendable {
        /// 0: the whole trace.
        let spanID: UInt64
        let evaluator: String
        let value: Double?
        let label: String?
    }

    private(set) var byTrace: [UInt128: [Entry]] = [:]
    private(set) var byResponse: [String: [Entry]] = [:]
    private(set) var byteCount = 0

    /// An entry, its array and its place in the dictionary: an estimate from their sizes, with room for growth.
    private static let entryBytes = 160

    mutating func put(_ score: Score) {
        let isNew =
            switch score.target {
            case .span(let trace, let span):
                Self.put(Entry(score, span), in: &byTrace[trace, default: []])
            case .response(let id): Self.put(Entry(score, 0), in: &byResponse[id, default: []])
            }
        guard isNew else { return }
        byteCount += Self.entryBytes + score.evaluator.utf8.count + (score.label?.utf8.count ?? 0)
    }

    /// - Returns: whether it replaced none.
    private static func put(_ entry: Entry, in entries: inout [Entry]) -> Bool {
        let place = entries.firstIndex {
            $0.spanID == entry.spanID && $0.evaluator == entry.evaluator
        }
        if let place { entries[place] = entry } else { entries.append(entry) }
        return place == nil
    }
}

extension ScoreIndex.Entry {
    init(_ score: Score, _ spanID: UInt64) {
        self.spanID = spanID
        evaluator = score.evaluator
        value = score.value
        label = score.label
    }
}

/// What one query sees of the scores: each name as it was when the query first asked for it.
final class ScoreSnapshot: Sendable {
    private let book: ScoreBook
    private let names: Set<String>
    private let taken = Mutex<[String: ScoreIndex]>([:])

    init(_ book: ScoreBook) {
        self.book = book
        names = book.names
    }

    /// The names of dimensions that scores make.
    var dimensions: [String] { names.sorted().flatMap { ["score.\($0)", "score.\($0).label"] } }

    func has(_ name: String) -> Bool { names.contains(name) }

    func index(of name: String) throws -> ScoreIndex {
        if let known = taken.withLock({ $0[name] }) { return known }
        let index = try book.index(of: name)
        return taken.withLock { taken in
            // Frames are scanned at once: all must see the one that was first.
            if let first = taken[name] { return first }
            taken[name] = index
            return index
        }
    }
}
