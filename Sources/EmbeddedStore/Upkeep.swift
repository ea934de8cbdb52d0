internal import Dispatch
internal import Foundation
internal import Synchronization

/// What goes on behind the requests: merging, retention, giving space back. One thread, low priority.
final class Upkeep: Sendable {
    private struct State {
        var isStopped = false
        var isScheduled = false
        /// Retired segments, until no query reads them: a weak reference, and where they lie.
        var retired: [Retired] = []
        var shrinkAfter: Set<String> = []
        /// Partitions in which a merge failed, or what is made after one (`Extra`), until it is tried again.
        var resting: [String: Rest] = [:]
    }

    private struct Rest {
        var seconds = 1.0
        var until: ContinuousClock.Instant

        /// Seldom enough that a damaged segment does not fill the log, often enough that a disk with room again
        /// is soon used.
        static let secondsMax = 300.0
    }

    private struct Retired {
        weak var segment: Segment?
        let partition: Partition
        let id: Int64
    }

    private let engine: Engine
    private let policy: MergePolicy
    private let retention: Retention
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "everyspan.upkeep", qos: .utility)

    init(_ engine: Engine, _ policy: MergePolicy, _ retention: Retention) {
        self.engine = engine
        self.policy = policy
        self.retention = retention
    }

    /// Looks for work twice a second until stopped.
    func start() { schedule() }

    /// Whether spans that wait are being merged: not where merging is off, or has failed in some partition and rests.
    var isMerging: Bool {
        policy.isEnabled && !engine.partitions.contains { isResting($0.name) }
    }

    /// Waits for the step that is running, and takes no more.
    func stop() {
        state.withLock { $0.isStopped = true }
        queue.sync {}
    }

    private func schedule() {
        queue.asyncAfter(deadline: .now() + 0.5) { [self] in
            if state.withLock({ $0.isStopped }) { return }
            do {
                while try step(), !state.withLock({ $0.isStopped }) {}
            } catch {
                engine.report("upkeep: \(error)")
            }
            schedule()
        }
    }

    /// Does one piece of work.
    ///
    /// - Parameter ignoringIdle: merge as if no commit had come for a while.
    /// - Returns: whether there may be more.
    func step(ignoringIdle: Bool = false) throws -> Bool {
        removeRetired()
        if try dropExpired() { return true }
        let idle = ignoringIdle || engine.secondsSinceCommit > policy.idleSeconds
        let isUrgent = policy.isUrgent(engine.snapshot.smallSpans)
        for partition in isUrgent ? mostWaitingFirst : engine.partitions
        where !isResting(partition.name) {
            let snapshot = engine.snapshot
            let sources = policy.choose(
                small: snapshot.small.filter { $0.segment.partition === partition },
                large: snapshot.large.filter { $0.segment.partition === partition }, idle: idle,
                isUrgent: isUrgent)
            guard let sources else { continue }
            do {
                try merge(sources, in: partition)
                state.withLock { $0.resting[partition.name] = nil }
                return true
            } catch let damage as DamagedSegment {
                // The others are merged without it.
                engine.setAside(damage)
                return true
            } catch {
                // What cannot be merged here must not keep the others from it.
                let seconds = rest(partition.name)
                engine.report(
                    "cannot merge \(partition.name), next try in \(Int(seconds)) s: \(error)")
            }
        }
        if makeFilter(idle) || count(idle) { return true }
        if idle {
            if try engine.removeCopies() { return true }
            shrink()
        }
        engine.closeIdleFiles()
        return false
    }

    private var mostWaitingFirst: [Partition] {
        var waiting: [ObjectIdentifier: Int] = [:]
        for view in engine.snapshot.small {
            waiting[ObjectIdentifier(view.segment.partition), default: 0] += view.liveSpans
        }
        return engine.partitions.sorted {
            waiting[ObjectIdentifier($0), default: 0] > waiting[ObjectIdentifier($1), default: 0]
        }
    }

    /// Counts the values of one segment. While spans come, of one that no merge is likely to take any more.
    ///
    /// - Returns: whether there was one.
    private func count(_ idle: Bool) -> Bool {
        let spansMin = idle ? policy.countedSpansMin : policy.spansMax / 2
        let uncounted = engine.nextUncounted(spansMin: spansMin) {
            !isResting(Extra.counts.name($0))
        }
        guard policy.isEnabled, let view = uncounted else { return false }
        add(.counts, to: view.segment.partition) { try engine.count(view) }
        return true
    }

    /// Makes a filter over the traces of one partition's segments.
    ///
    /// - Returns: whether there was one to be made.
    private func makeFilter(_ idle: Bool) -> Bool {
        guard policy.isEnabled else { return false }
        let due = engine.partitionToFilter(segmentsMin: policy.filteredSegmentsMin, idle: idle) {
            !isResting(Extra.filter.name($0))
        }
        guard let (partition, segments) = due else { return false }
        add(.filter, to: partition) { try partition.save(PartitionFilter(segments)) }
        return true
    }

    /// What follows from merged segments and makes questions or commits faster.
    private enum Extra: String {
        case counts
        case filter

        /// Under which it rests where it has failed: merging goes on there.
        func name(_ partition: Partition) -> String { partition.name + " " + rawValue }

        /// For the log.
        var making: String {
            switch self {
            case .counts: "count values of"
            case .filter: "make a filter of the traces of"
            }
        }
    }

    /// What cannot be made for one partition must not keep others from it.
    private func add(_ extra: Extra, to partition: Partition, _ make: () throws -> Void) {
        do {
            try make()
            state.withLock { state in
                state.shrinkAfter.insert(partition.name)
                state.resting[extra.name(partition)] = nil
            }
        } catch let damage as DamagedSegment where engine.setAside(damage) {
            // The others go on without it.
        } catch {
            let seconds = rest(extra.name(partition))
            engine.report(
                "cannot \(extra.making) \(partition.name), next try in \(Int(seconds)) s: \(error)")
        }
    }

    private func isResting(_ name: String) -> Bool {
        state.withLock { $0.resting[name].map { $0.until > .now } ?? false }
    }

    /// - Returns: for how many seconds.
    private func rest(_ name: String) -> Double {
        state.withLock { state in
            let before = state.resting[name]
            let seconds = before.map { min($0.seconds * 2, Rest.secondsMax) } ?? 1
            state.resting[name] = Rest(
                seconds: seconds, until: .now + .seconds(seconds))
            return seconds
        }
    }

    private func merge(_ sources: [SegmentView], in partition: Partition) throws {
        let merge = try Merge(sources)
        let stored = try merge.map {
            try partition.insertInvisible($0.record, columns: $0.columns)
        }
        do {
            try engine.swap(sources, merge, stored)
        } catch {
            if let stored { try? partition.remove([stored.id]) }
            throw error
        }
        state.withLock { state in
            for view in sources {
                state.retired.append(
                    Retired(segment: view.segment, partition: partition, id: view.segment.id))
            }
            state.shrinkAfter.insert(partition.name)
        }
    }

    /// Removes the rows of segments that were merged and that no query holds any more.
    private func removeRetired() {
        let gone = state.withLock { state in
            let gone = state.retired.filter { $0.segment == nil }
            state.retired.removeAll { $0.segment == nil }
            return gone
        }
        for entry in gone {
            do {
                try entry.partition.remove([entry.id])
            } catch {
                // It stays marked as retired; the next start removes it.
                engine.report("cannot remove segment \(entry.id): \(error)")
            }
        }
    }

    /// Unlinks the oldest partition if all of it is older than what is retained, or if all take more than they may.
    private func dropExpired() throws -> Bool {
        guard let oldestKept = retention.oldestDay(now: engine.now()),
            let oldest = engine.partitions.first, oldest.name < Day.name(oldestKept)
        else {
            if let oldestKept = retention.oldestDay(now: engine.now()) {
                try engine.scores.remove(
                    before: Int64(clamping: UInt64(oldestKept) * Day.nanoseconds))
            }
            return try dropOversized()
        }
        try engine.drop(oldest, "older than what is retained")
        return true
    }

    private func dropOversized() throws -> Bool {
        let partitions = engine.partitions
        // The newest is where spans arrive: without it nothing would be kept at all.
        guard let bytesMax = retention.bytesMax, partitions.count > 1 else { return false }
        let bytes = engine.byteCount
        guard bytes > bytesMax else { return false }
        try engine.drop(partitions[0], "all data takes \(bytes) bytes, more than \(bytesMax)")
        return true
    }

    private func shrink() {
        let names = state.withLock { state in
            let names = state.retired.isEmpty ? state.shrinkAfter : []
            if state.retired.isEmpty { state.shrinkAfter = [] }
            return names
        }
        for partition in engine.partitions where names.contains(partition.name) {
            do {
                try partition.shrink()
            } catch {
                engine.report("cannot shrink \(partition.name): \(error)")
            }
        }
    }
}
