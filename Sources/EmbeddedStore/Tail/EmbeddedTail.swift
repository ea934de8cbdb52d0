internal import Store

/// A tail of this store's commits.
final class EmbeddedTail: Tail {
    private let hub: TailHub
    private let id: Int
    private let read: @Sendable (_ views: [SegmentView], _ skipped: Int) async throws -> TailPage

    /// Pages come so often at most: often enough for an eye, and a bound on what reading costs.
    private static let pause = Duration.milliseconds(200)
    /// After so many empty looks there is an empty page, so that who follows may stop.
    private static let looksMax = 5

    init(
        _ hub: TailHub,
        read: @escaping @Sendable (_ views: [SegmentView], _ skipped: Int) async throws -> TailPage
    ) {
        self.hub = hub
        self.read = read
        id = hub.follow()
    }

    deinit { hub.leave(id) }

    func next() async throws -> TailPage {
        for _ in 0..<Self.looksMax {
            try await Task.sleep(for: Self.pause)
            let (views, skipped) = hub.take(id)
            if !views.isEmpty || skipped > 0 { return try await read(views, skipped) }
        }
        return TailPage(rows: nil, skipped: 0)
    }
}
