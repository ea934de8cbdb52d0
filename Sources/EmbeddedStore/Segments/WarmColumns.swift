internal import Spans
internal import Synchronization

/// Decoded columns that queries asked for, kept within a budget, so that the tenth poll of a dashboard
/// does not inflate again.
final class WarmColumns: Sendable {
    private struct Slot {
        let owner: ObjectIdentifier
        let part: Part
    }

    private enum Part: Hashable {
        case column(ColumnKey)
        /// A column as it is stored, inflated.
        case encoded(ColumnKey)
        /// A small segment, whole.
        case packed
        /// What was made of several columns.
        case derived(String)
        /// What it gives to a query.
        case answer(AnswerKey)
    }

    private enum Content {
        case column(ColumnData)
        case encoded([UInt8])
        case segment(PackedSegment)
        case derived(any Sendable)
    }

    private struct Entry {
        var content: Content
        let bytes: Int
        var lastUse: UInt64

        /// What it took to make it, in nanoseconds.
        let effort: Double

        /// What is dropped first: columns of which all that is asked for has been derived already, then what is made anew
        /// soonest for the room that it takes, to a factor of two.
        func rank(of part: Part) -> Int {
            if case .column = part { return 0 }
            return 1 + bitWidth(UInt64(1024 * effort / Double(bytes + 64)))
        }
    }

    private struct State {
        /// By segment or frame, so that all of one are forgotten at once.
        var entries: [ObjectIdentifier: [Part: Entry]] = [:]
        var bytes = 0
        /// What others keep in the same budget.
        var lent = 0
        var clock: UInt64 = 0
    }

    let keySets = KeySets()
    private let bytesMax: Int
    private let state = Mutex(State())

    init(bytesMax: Int) { self.bytesMax = bytesMax }

    /// What is left when room is made: an eighth is free then.
    private func bytesKept(_ state: State) -> Int { (bytesMax - state.lent) / 8 * 7 }

    /// What is lent is among it.
    var byteCount: Int { state.withLock { $0.bytes + $0.lent } }

    /// The column, from memory or by `load`, which runs outside the lock: two queries may load the same
    /// column at once, and one of them is kept.
    func column(
        _ segment: ObjectIdentifier, _ key: ColumnKey, load: () throws -> ColumnData
    ) throws -> ColumnData {
        let slot = Slot(owner: segment, part: .column(key))
        if case .column(let column)? = find(slot) { return column }
        let begin = ContinuousClock.now
        let column = try load()
        insert(slot, .column(column), column.byteCount, since: begin)
        return column
    }

    /// Whether a column is in memory, decoded.
    func isKnown(_ segment: ObjectIdentifier, _ key: ColumnKey) -> Bool {
        find(Slot(owner: segment, part: .column(key))) != nil
    }

    /// The same for one who can do with less: nil if the column is not in memory, and decoding it would push out others.
    func column(
        _ segment: ObjectIdentifier, _ key: ColumnKey, ifRoomFor bytes: Int,
        load: () throws -> ColumnData
    ) throws -> ColumnData? {
        if case .column(let column)? = find(Slot(owner: segment, part: .column(key))) {
            return column
        }
        // What is free after room was made is for those who need their columns decoded.
        let hasRoom = state.withLock { $0.bytes + bytes <= bytesKept($0) }
        return hasRoom ? try column(segment, key, load: load) : nil
    }

    func encoded(
        _ segment: ObjectIdentifier, _ key: ColumnKey, load: () throws -> [UInt8]
    ) throws -> [UInt8] {
        let slot = Slot(owner: segment, part: .encoded(key))
        if case .encoded(let bytes)? = find(slot) { return bytes }
        let begin = ContinuousClock.now
        let bytes = try load()
        insert(slot, .encoded(bytes), bytes.count, since: begin)
        return bytes
    }

    func packed(
        _ segment: ObjectIdentifier, load: () throws -> PackedSegment
    ) throws -> PackedSegment {
        let slot = Slot(owner: segment, part: .packed)
        if case .segment(let packed)? = find(slot) { return packed }
        let begin = ContinuousClock.now
        let packed = try load()
        insert(slot, .segment(packed), packed.byteCount, since: begin)
        return packed
    }

    func known<T: MemorySized>(_ segment: ObjectIdentifier, _ name: String) -> T? {
        guard case .derived(let value)? = find(Slot(owner: segment, part: .derived(name))) else {
            return nil
        }
        return value as? T
    }

    func derived<T: MemorySized>(
        _ segment: ObjectIdentifier, _ name: String, make: () throws -> T
    ) throws -> T {
        if let known: T = known(segment, name) { return known }
        let begin = ContinuousClock.now
        let value = try make()
        let slot = Slot(owner: segment, part: .derived(name))
        insert(slot, .derived(value), value.byteCount, since: begin)
        return value
    }

    func answer(
        _ segment: ObjectIdentifier, _ key: AnswerKey, make: () throws -> FrameAnswer
    ) throws -> FrameAnswer {
        let slot = Slot(owner: segment, part: .answer(key))
        if case .derived(let value)? = find(slot), let value = value as? FrameAnswer {
            return value
        }
        let begin = ContinuousClock.now
        let value = try make()
        insert(slot, .derived(value), value.byteCount, since: begin)
        return value
    }

    /// Makes room for what somebody keeps for a while: five eighths of the budget at most.
    ///
    /// - Returns: whether there is room. Then it is to be given back.
    func lend(_ bytes: Int) -> Bool {
        let (isLent, gone) = state.withLock { state -> (Bool, [Entry]) in
            guard bytes <= bytesMax / 8 * 5 - state.lent else { return (false, []) }
            state.lent += bytes
            return (true, state.bytes > bytesMax - state.lent ? makeRoom(&state) : [])
        }
        withExtendedLifetime(gone) {}
        return isLent
    }

    func giveBack(_ bytes: Int) { state.withLock { $0.lent -= bytes } }

    func forget(_ owner: ObjectIdentifier) {
        let gone = state.withLock { state in
            let gone = state.entries.removeValue(forKey: owner)
            for entry in (gone ?? [:]).values { state.bytes -= entry.bytes }
            return gone
        }
        // Memory is given back outside the lock.
        withExtendedLifetime(gone) {}
    }

    private func find(_ slot: Slot) -> Content? {
        state.withLock { state in
            state.clock += 1
            state.entries[slot.owner]?[slot.part]?.lastUse = state.clock
            return state.entries[slot.owner]?[slot.part]?.content
        }
    }

    private func insert(
        _ slot: Slot, _ content: Content, _ bytes: Int, since begin: ContinuousClock.Instant
    ) {
        let effort = (ContinuousClock.now - begin) / .nanoseconds(1)
        let gone = state.withLock { state in
            state.clock += 1
            let new = Entry(
                content: content, bytes: bytes, lastUse: state.clock, effort: effort)
            let old = state.entries[slot.owner, default: [:]].updateValue(new, forKey: slot.part)
            state.bytes += bytes - (old?.bytes ?? 0)
            return state.bytes > bytesMax - state.lent ? makeRoom(&state) : []
        }
        withExtendedLifetime(gone) {}
    }

    private struct Candidate {
        let slot: Slot
        let isIdle: Bool
        let rank: Int
        let age: UInt64

        func goes(before other: Candidate) -> Bool {
            if isIdle != other.isIdle { return isIdle }
            return rank != other.rank ? rank < other.rank : age < other.age
        }
    }

    /// What was not used for so many uses of others is dropped before all else.
    private static let idleUses: UInt64 = 100_000

    /// Drops columns until some of the budget is free, so that it happens seldom.
    ///
    /// First those that nobody asks for any more, then those of the lowest rank. Of these any: queries go through the frames
    /// in turn, and if these take a little more room than there is, dropping the one used longest ago would drop each just
    /// before it is needed again, and nothing would ever be found.
    private func makeRoom(_ state: inout State) -> [Entry] {
        let idleSince = state.clock - min(state.clock, Self.idleUses)
        var candidates: [Candidate] = []
        for (owner, parts) in state.entries {
            for (part, entry) in parts {
                let isIdle = entry.lastUse < idleSince
                candidates.append(
                    Candidate(
                        slot: Slot(owner: owner, part: part), isIdle: isIdle,
                        rank: entry.rank(of: part),
                        age: isIdle ? entry.lastUse : idleSince + .random(in: 0..<1 << 32)))
            }
        }
        candidates.sort { $0.goes(before: $1) }
        var gone: [Entry] = []
        for slot in candidates.lazy.map(\.slot) {
            if state.bytes <= bytesKept(state) { break }
            guard let entry = state.entries[slot.owner]?.removeValue(forKey: slot.part) else {
                continue
            }
            state.bytes -= entry.bytes
            gone.append(entry)
        }
        return gone
    }
}

extension ColumnData {
    /// The memory that it holds, roughly.
    var byteCount: Int {
        let presence = if case .rows(let rows) = presence { rows.count * 4 } else { 0 }
        return 200 + presence + numbers.count * 8 + codes.count * 4 + strings.bytes.count
            + strings.ends.count * 4 + lists.codes.count * 4 + lists.ends.count * 4
    }
}
