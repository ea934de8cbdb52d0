/// How urgently an answer is wanted.
package enum QueryEffort: Sendable, Equatable {
    /// Somebody waits: on all cores, within the operator's time limit.
    case prompt
    /// Nobody does: on one core, and only while nothing else wants it; for so many seconds at most.
    case background(secondsMax: Int)
}
