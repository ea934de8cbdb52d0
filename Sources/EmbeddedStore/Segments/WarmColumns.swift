internal import Spans
internal import Synchronization

/// Decoded columns that queries asked for, kept within a budget, so that the tenth poll of a dashboard
/// does not inflate again. What was used longest ago goes first.
final class WarmColumns: Sendable {
    private struct Slot: Hashable {
        let segment: ObjectIdentifier
        let part: Part

        var isAnswer: Bool { if case .answer = part { true } else { false } }
    }

    private enum Part: Hashable {
        case column(ColumnKey)
        /// A small segment, whole.
        case packed
        /// What was made of several columns.
        case derived(String)
        /// What it gives to a query.
        case answer(AnswerKey)
    }

    private enum Content {
        case column(ColumnData)
        case segment(PackedSegment)
        case derived(any Sendable)
    }

    private struct Entry {
        var content: Content
        let bytes: Int
        var lastUse: UInt64
    }

    private struct State {
        var entries: [Slot: Entry] = [:]
        var bytes = 0
        var clock: UInt64 = 0
    }

    private let bytesMax: Int
    private let state = Mutex(State())

    init(bytesMax: Int) { self.bytesMax = bytesMax }

    var byteCount: Int { state.withLock { $0.bytes } }

    /// The column, from memory or by `load`, which runs outside the lock: two queries may load the same
    /// column at once, and one of them is kept.
    func column(
        _ segment: ObjectIdentifier, _ key: ColumnKey, load: () throws -> ColumnData
    ) throws -> ColumnData {
        let slot = Slot(segment: segment, part: .column(key))
        if case .column(let column)? = find(slot) { return column }
        let column = try load()
        insert(slot, .column(column), column.byteCount)
        return column
    }

    func packed(
        _ segment: ObjectIdentifier, load: () throws -> PackedSegment
    ) throws -> PackedSegment {
        let slot = Slot(segment: segment, part: .packed)
        if case .segment(let packed)? = find(slot) { return packed }
        let packed = try load()
        insert(slot, .segment(packed), packed.byteCount)
        return packed
    }

    func derived<T: MemorySized>(
        _ segment: ObjectIdentifier, _ name: String, make: () throws -> T
    ) throws -> T {
        let slot = Slot(segment: segment, part: .derived(name))
        if case .derived(let value)? = find(slot), let value = value as? T { return value }
        let value = try make()
        insert(slot, .derived(value), value.byteCount)
        return value
    }

    func answer(
        _ segment: ObjectIdentifier, _ key: AnswerKey, make: () throws -> FrameAnswer
    ) throws -> FrameAnswer {
        let slot = Slot(segment: segment, part: .answer(key))
        if case .derived(let value)? = find(slot), let value = value as? FrameAnswer {
            return value
        }
        let value = try make()
        insert(slot, .derived(value), value.byteCount)
        return value
    }

    func forget(_ segment: ObjectIdentifier) {
        state.withLock { state in
            for slot in state.entries.keys where slot.segment == segment {
                state.bytes -= state.entries.removeValue(forKey: slot)?.bytes ?? 0
            }
        }
    }

    private func find(_ slot: Slot) -> Content? {
        state.withLock { state in
            state.clock += 1
            state.entries[slot]?.lastUse = state.clock
            return state.entries[slot]?.content
        }
    }

    private func insert(_ slot: Slot, _ content: Content, _ bytes: Int) {
        state.withLock { state in
            state.clock += 1
            if let old = state.entries[slot] { state.bytes -= old.bytes }
            state.entries[slot] = Entry(content: content, bytes: bytes, lastUse: state.clock)
            state.bytes += bytes
            if state.bytes > bytesMax { makeRoom(&state) }
        }
    }

    /// Drops the least recently used until a quarter of the budget is free, so that it happens seldom.
    private func makeRoom(_ state: inout State) {
        // Answers are small beside the columns that they were made of, and one new question may read more columns than
        // there is room for: they must not go for its sake.
        let byAge = state.entries.map { slot, entry in
            (slot: slot, isAnswer: slot.isAnswer, lastUse: entry.lastUse)
        }.sorted { a, b in
            a.isAnswer != b.isAnswer ? b.isAnswer : a.lastUse < b.lastUse
        }
        for (slot, _, _) in byAge {
            if state.bytes <= bytesMax - bytesMax / 4 { break }
            state.bytes -= state.entries.removeValue(forKey: slot)?.bytes ?? 0
        }
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
