internal import GRDB
internal import Spans

/// What a start reads of a partition: which segments it has, and what is said of them.
extension Partition {
    /// The segments that are to be seen, and those of them that are damaged already by what is said of them.
    func segments() throws -> (sound: [SegmentRecord], damaged: [(id: Int64, reason: String)]) {
        var sound: [SegmentRecord] = []
        var damaged: [(id: Int64, reason: String)] = []
        var incomplete: [Int64] = []
        try file.read { db in
            let ids = try Int64.fetchAll(
                db,
                sql: """
                    SELECT id FROM segment WHERE id NOT IN (SELECT segment FROM retired)
                    AND id NOT IN (SELECT segment FROM set_aside) ORDER BY id
                    """)
            for id in ids {
                do {
                    let (record, toBeKept) = try Self.record(id, db)
                    sound.append(record)
                    if toBeKept { incomplete.append(id) }
                } catch {
                    guard let reason = Damage.reason(error) else { throw error }
                    damaged.append((id, reason))
                }
            }
        }
        if !incomplete.isEmpty, !file.isSnapshot { keepHeads(of: incomplete) }
        return (sound, damaged)
    }

    /// - Returns: with it, whether its heads or those of its counts are to be kept anew.
    private static func record(
        _ segment: Int64, _ db: Database
    ) throws -> (SegmentRecord, toBeKept: Bool) {
        let row = try Row.fetchOne(
            db,
            sql: """
                SELECT \(SegmentSeal.segmentColumns), body IS NOT NULL AS packed,
                    (SELECT bitmap FROM deletion WHERE segment = id) AS deletions,
                    (SELECT checksum FROM deletion WHERE segment = id) AS deletions_checksum
                FROM segment WHERE id = ?
                """, arguments: [segment])
        guard let row, let heads = try SegmentHeads(.columns, of: segment, db) else {
            throw DamagedBytes("it is listed, but not found")
        }
        let ofCounts = try? SegmentHeads(.counts, of: segment, db)
        return (try SegmentRecord(row), heads.areToBeKept || ofCounts?.areToBeKept == true)
    }

    /// Writes the heads of segments that an earlier version wrote, or whose heads are damaged. If it cannot be done,
    /// the next start takes longer, no more.
    private func keepHeads(of segments: [Int64]) {
        try? file.write { db in
            for id in segments {
                for kind in [SegmentHeads.Kind.columns, .counts] {
                    let heads = try? SegmentHeads(kind, of: id, db)
                    if let heads, heads.areToBeKept { try? heads.keep(kind, of: id, db) }
                }
            }
        }
    }
}
