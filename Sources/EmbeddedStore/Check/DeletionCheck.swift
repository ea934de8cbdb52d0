internal import Foundation
internal import GRDB

/// Deleted rows are rows of the segment.
enum DeletionCheck: SegmentCheck {
    static func run(
        _ segment: CheckedSegment, _ add: (String, String, String?) -> Void
    ) throws {
        let bitmap = try segment.segment.partition.reading { db in
            try Data.fetchOne(
                db, sql: "SELECT bitmap FROM deletion WHERE segment = ?",
                arguments: [segment.record.id])
        }
        guard let bitmap else { return }
        let spans = segment.record.spans
        if bitmap.count > (spans + 7) / 8 {
            add("deletions of \(spans) rows", "a bitmap of \(bitmap.count) bytes", nil)
        } else if spans % 8 != 0, bitmap.count == (spans + 7) / 8, let last = bitmap.last,
            last >> UInt8(spans % 8) != 0
        {
            add("deletions of \(spans) rows", "one beyond", nil)
        }
    }
}
