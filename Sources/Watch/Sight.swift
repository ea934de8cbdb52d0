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

    /// Other names by which a finding is known again.
    private static let alsoMax = 8

    init(_ finding: Finding, _ sighting: Sighting, isReportable: Bool) {
        slice = finding.slice
        also = Array(finding.also.prefix(Self.alsoMax))
        onset = finding.onset
        examples = finding.examples.map(\.traceID)
        self.sighting = sighting
        self.isReportable = isReportable
    }

    /// All slices that name the same units.
    var names: [[SliceTerm]] { [slice] + also }
}

extension Sight {
    /// What both questions showed under one name is one sight: what got worse mostly fails more than the rest, too.
    static func merged(failing: [Sight], worse: [Sight]) -> (failing: [Sight], worse: [Sight]) {
        var merged = failing
        var others: [Sight] = []
        for sight in worse {
            guard let place = failing.firstIndex(where: { $0.isNamed(by: sight.names) }) else {
                others.append(sight)
                continue
            }
            if sight.isReportable, !merged[place].isReportable { merged[place] = sight }
        }
        return (merged, others)
    }

    /// Whether one of the names is the same as one of others.
    func isNamed(by others: [[SliceTerm]]) -> Bool {
        names.contains { name in others.contains { SliceKinship.isSame($0, name) } }
    }

    /// Whether one of the names is one of others to the last digit.
    func isNamedExactly(by others: [[SliceTerm]]) -> Bool {
        names.contains { name in others.contains { Set($0) == Set(name) } }
    }
}
