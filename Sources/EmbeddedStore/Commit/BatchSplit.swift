internal import Spans

/// The spans of one group commit that belong to one partition.
struct PartitionShare {
    let day: Int
    let data: SegmentData
    /// For each span its position in the group's joined batch.
    let origins: [Int]
    /// What is counted of them: it is written together with them.
    var ledger = Ledger()
}

/// Divides a batch by the UTC day of each span's start.
enum BatchSplit {
    /// More partitions than this in one commit would each cost a sync; what is beyond them goes to the
    /// day of receipt.
    static let partitionsMax = 8

    /// A span that comes so long after its end is late: exporters and collectors try again for up to five
    /// minutes.
    static let lateNanoseconds: UInt64 = 600_000_000_000

    /// - Parameter owners: whose the spans of the batch are, for what is counted of them.
    static func split(
        _ batch: SpanBatch, receivedAt: UInt64, owners: BatchOwners
    ) throws -> [PartitionShare] {
        let data = SegmentData(batch)
        let starts = data.numbers(SpanField.start)
        let marks = data.numbers(SpanField.marks)
        let isLate = lateRows(starts, data.numbers(SpanField.duration), receivedAt)
        var days = starts.indices.map { row in
            let isWrong = SpanMarks(rawValue: marks[row]).contains(.farFuture)
            return Day.of(isWrong ? receivedAt : starts[row])
        }
        guard let first = days.first else { return [] }
        if days.allSatisfy({ $0 == first }) {
            var share = PartitionShare(day: first, data: data, origins: Array(starts.indices))
            owners.count(.late, starts.indices.filter { isLate[$0] }, in: &share.ledger)
            return [share]
        }
        let isScattered = gatherScattered(&days, receivedAt)
        return try Set(days).sorted().map { day in
            let rows = days.indices.filter { days[$0] == day }
            let order = rows.map { RowAddress(source: 0, row: Int32($0)) }
            let part = try SegmentAssembly([data], order: order)
                .assembled([data], traceEnds: [])
            var share = PartitionShare(day: day, data: part, origins: rows)
            owners.count(.late, rows.filter { isLate[$0] }, in: &share.ledger)
            owners.count(.scatteredTime, rows.filter { isScattered[$0] }, in: &share.ledger)
            return share
        }
    }

    private static func lateRows(
        _ starts: [UInt64], _ durations: [UInt64], _ receivedAt: UInt64
    ) -> [Bool] {
        let limit = receivedAt - min(receivedAt, lateNanoseconds)
        return starts.indices.map { starts[$0] &+ durations[$0] < limit }
    }

    /// Gives the day of receipt to spans of days beyond the most.
    ///
    /// - Returns: which spans these are.
    private static func gatherScattered(_ days: inout [Int], _ receivedAt: UInt64) -> [Bool] {
        var isScattered = [Bool](repeating: false, count: days.count)
        var counts: [Int: Int] = [:]
        for day in days { counts[day, default: 0] += 1 }
        guard counts.count > partitionsMax else { return isScattered }
        let kept = Set(
            counts.sorted { ($0.value, $0.key) > ($1.value, $1.key) }
                .prefix(partitionsMax - 1).map(\.key))
        for index in days.indices where !kept.contains(days[index]) {
            days[index] = Day.of(receivedAt)
            isScattered[index] = true
        }
        return isScattered
    }
}
