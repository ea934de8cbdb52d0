/// What became of a body's spans.
package struct ReadReport: Sendable {
    /// A span that was refused.
    package struct Refusal: Sendable, Equatable {
        /// Among the body's spans, from 0.
        package var index: Int
        package var reason: String
    }

    /// Ids that were made here, since none were sent.
    package struct GeneratedID: Sendable, Equatable {
        package var traceID: [UInt8]
        package var spanID: UInt64
    }

    package var accepted = 0
    package var rejected = 0
    /// The first `refusalsMax`.
    package private(set) var refusals: [Refusal] = []
    package var generatedIDs: [GeneratedID] = []

    package static let refusalsMax = 100

    package init() {}

    /// Spans seen so far.
    package var count: Int { accepted + rejected }

    /// Counts the next span as refused.
    package mutating func refuse(_ reason: @autoclosure () -> String) {
        if refusals.count < Self.refusalsMax {
            refusals.append(Refusal(index: count, reason: reason()))
        }
        rejected += 1
    }
}
