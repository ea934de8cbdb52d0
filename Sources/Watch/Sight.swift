import Store

/// What one look showed of one slice.
struct Sight {
    let slice: [SliceTerm]
    let also: [[SliceTerm]]
    let onset: Onset?
    let examples: [UInt128]
    let sighting: Sighting
    /// Whether it is sure enough to be reported; otherwise it only keeps open what was.
    let isReportable: Bool

    init(_ finding: Finding, _ sighting: Sighting, isReportable: Bool) {
        slice = finding.slice
        also = finding.also
        onset = finding.onset
        examples = finding.examples.map(\.traceID)
        self.sighting = sighting
        self.isReportable = isReportable
    }

    /// All slices that name the same units.
    var names: [[SliceTerm]] { [slice] + also }
}

extension Sight {
    /// What both questions showed, each problem once: one that got worse mostly fails more than the rest, too.
    static func merged(failing: [Sight], worse: [Sight]) -> [Sight] {
        var merged = failing
        for sight in worse {
            guard let place = merged.firstIndex(where: { $0.tellsTheSame(as: sight) }) else {
                merged.append(sight)
                continue
            }
            if sight.isReportable, !merged[place].isReportable { merged[place] = sight }
        }
        return merged
    }

    private func tellsTheSame(as other: Sight) -> Bool {
        if isNamed(by: other.names) { return true }
        guard SliceKinship.isNested(slice, other.slice) else { return false }
        let (wide, narrow) = slice.count < other.slice.count ? (self, other) : (other, self)
        return narrow.sighting.figures.excess >= wide.sighting.figures.excess / 2
    }

    func isNamed(by others: [[SliceTerm]]) -> Bool {
        names.contains { name in others.contains { SliceKinship.isSame($0, name) } }
    }
}
