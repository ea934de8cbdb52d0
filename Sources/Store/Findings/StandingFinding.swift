/// A finding that the watch keeps, and how it developed (docs/OPERATIONS.md, "The watch").
package struct StandingFinding: Sendable, Equatable {
    /// Sixteen hexadecimal digits. It stays, whatever slice tells the problem best.
    package let id: String
    /// The expression that says what a failure is.
    package let failure: String
    /// The slice that tells it best at present; none: everything.
    package var slice: [SliceTerm]
    /// Other names of the same units.
    package var also: [[SliceTerm]]
    package var onset: Onset?
    /// Traces that failed, 16 bytes each as a big-endian number.
    package var examples: [UInt128]
    /// Windows in which it was seen, the oldest first; never none. Of long ones the older part is thinned out.
    package private(set) var sightings: [Sighting]
    /// The first is `opened`, then `resolved` and `reopened` take turns. Of many those after the first are left out.
    package private(set) var changes: [Change]
    /// How many of the changes need not be told any more.
    package var told: Int

    /// When it came or went.
    package struct Change: Sendable, Equatable {
        package enum Kind: String, Sendable, Codable { case opened, resolved, reopened }

        package var kind: Kind
        /// Unix nanoseconds: the end of the window that told so.
        package var time: Int64

        package init(_ kind: Kind, at time: Int64) {
            self.kind = kind
            self.time = time
        }
    }

    /// More sightings are thinned out: a day of five minutes each.
    package static let sightingsMax = 288
    /// Of more changes the oldest that came and went are left out.
    package static let changesMax = 101

    /// - Parameter sightings: at least one, and `changes` too.
    package init(
        id: String, failure: String, slice: [SliceTerm], also: [[SliceTerm]], onset: Onset?,
        examples: [UInt128], sightings: [Sighting], changes: [Change], told: Int
    ) {
        self.id = id
        self.failure = failure
        self.slice = slice
        self.also = also
        self.onset = onset
        self.examples = examples
        self.sightings = sightings
        self.changes = changes
        self.told = told
    }

    package var isOpen: Bool { changes.last?.kind != .resolved }
    package var latest: Sighting? { sightings.last }
    package var opened: Int64 { changes.first?.time ?? 0 }
    /// nil while it is open.
    package var resolved: Int64? { isOpen ? nil : changes.last?.time }

    package mutating func change(_ kind: Change.Kind, at time: Int64) {
        changes.append(Change(kind, at: time))
        guard changes.count > Self.changesMax else { return }
        changes.removeSubrange(1...2)
        // Of those left out some may not have been told; that is a hundred changes ago.
        told = min(told, max(1, told - 2))
    }

    package mutating func add(_ sighting: Sighting) {
        sightings.removeAll { $0.to == sighting.to }
        sightings.append(sighting)
        guard sightings.count > Self.sightingsMax else { return }
        let half = sightings.count / 2
        sightings = sightings.enumerated().filter { $0.offset >= half || $0.offset % 2 == 0 }
            .map(\.element)
    }
}

extension StandingFinding {
    /// Takes back what a clock that ran ahead has left: sightings after a time, of which the newest is moved to it if none is before.
    package mutating func forgetSightings(after time: Int64) {
        guard let latest, latest.to > time else { return }
        sightings.removeAll { $0.to > time }
        guard sightings.isEmpty else { return }
        var moved = latest
        (moved.from, moved.to) = (time.minus(latest.to.minus(latest.from)), time)
        sightings = [moved]
    }
}

/// A change of a finding, for whoever is to be told.
package struct FindingEvent: Sendable {
    package var finding: StandingFinding
    package var change: StandingFinding.Change

    package init(finding: StandingFinding, change: StandingFinding.Change) {
        self.finding = finding
        self.change = change
    }

    /// The same whenever it is told.
    package var id: String { "\(finding.id)-\(change.time)" }
}
