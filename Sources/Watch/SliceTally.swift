import Store

/// What a slice has in a window, and had in the one before.
struct SliceTally: Equatable {
    var members: Int
    var failures: Int
    var membersBefore = 0
    var failuresBefore = 0

    /// With fewer units before, a slice's own rate says nothing; as in compare.
    private static let ownRateLeast = 30

    /// How many failures the slice has too many, by what a sighting's own are held against.
    func excess(like sighting: Sighting) -> Double {
        var rate = sighting.figures.restRate ?? 0
        if sighting.question == .worse, membersBefore >= Self.ownRateLeast {
            rate = Double(failuresBefore) / Double(membersBefore)
        }
        return Double(failures) - Double(members) * rate
    }
}
