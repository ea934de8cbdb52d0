/// Numbers the groups in which queries gather small segments.
///
/// What a query gathers of a group stays good while commits add to later ones, so that with spans streaming in it
/// gathers some thousand rows anew, not all that wait to be merged.
struct SmallGroups {
    private static let spansMax = 8192
    private static let segmentsMax: UInt32 = 8

    private var current: UInt32 = 1
    private var spans = 0
    private var segments: UInt32 = 0

    /// The group of the next segment.
    mutating func next(spans count: Int) -> UInt32 {
        if segments == Self.segmentsMax || spans + count > Self.spansMax, segments > 0 {
            current += 1
            spans = 0
            segments = 0
        }
        spans += count
        segments += 1
        return current
    }
}
