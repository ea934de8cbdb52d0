internal import Spans
internal import Store

/// When a slice began to fail, and which values appeared for the first time shortly before: a release, a prompt version, a
/// model revision.
struct Appearances {
    private let target: TargetValues
    private let members: SliceMembers
    private let grid: StepGrid
    private let control: ScanControl

    /// A value is named if so much of the slice's target has it from then on.
    private static let share = 0.5
    private static let countMax = 5
    /// What appears this part of the range before counts as just before.
    private static let windowPart: Int64 = 24

    init(
        _ target: TargetValues, _ members: SliceMembers, _ grid: StepGrid, _ control: ScanControl
    ) {
        self.target = target
        self.members = members
        self.grid = grid
        self.control = control
    }

    /// - Parameter time: when the rate jumped; the onset is the first unit of the target from then on.
    func onset(_ slice: Int, from time: Int64) throws -> Onset? {
        let failing = targets(of: slice).filter { target.starts[$0] >= time }
        guard let first = failing.map({ target.starts[$0] }).min() else { return nil }
        let window = grid.nanoseconds * max(1, Int64(grid.count) / Self.windowPart)
        let least = first.minus(window)
        // What is there from the beginning of the range on did not appear in it.
        guard least > grid.start else { return Onset(time: first, appeared: []) }
        var appeared: [(dimension: Int, code: UInt32, time: Int64)] = []
        for dimension in target.dimensions.indices {
            for code in shared(by: failing, dimension) where !isEarlier(dimension, code, least) {
                let start = try firstStart(dimension, code)
                if start >= least, start <= first { appeared.append((dimension, code, start)) }
            }
        }
        appeared.sort { a, b in
            if a.time != b.time { return a.time < b.time }
            if a.dimension != b.dimension { return a.dimension < b.dimension }
            return target.dimensions[a.dimension].precedes(a.code, b.code)
        }
        return Onset(
            time: first,
            appeared: appeared.prefix(Self.countMax).map {
                .init(slice: target.dimensions[$0.dimension].term($0.code), time: $0.time)
            })
    }

    /// The numbers, among all of the target, of a slice's units in it.
    private func targets(of slice: Int) -> [Int] {
        var offset = 0
        var numbers: [Int] = []
        for frame in members.frames {
            let own = frame.compared.targets
            var at = 0
            frame.units[slice].visit { unit in
                guard frame.compared.isTarget[Int(unit)] else { return }
                while own[at] < unit { at += 1 }
                numbers.append(offset + at)
            }
            offset += own.count
        }
        return numbers
    }

    /// The values of a dimension that most of some units have; absence is none.
    private func shared(by units: [Int], _ dimension: Int) -> [UInt32] {
        let compared = target.dimensions[dimension]
        if compared.bands != nil { return [] }
        var counts: [UInt32: Int] = [:]
        for unit in units {
            for code in target.codes[dimension][unit] { counts[code, default: 0] += 1 }
        }
        return counts.filter { code, count in
            Double(count) >= Self.share * Double(units.count)
                && compared.term(code).value != .value(.null)
        }.keys.sorted()
    }

    /// Whether a unit of the target had a value before a time: then it need not be looked for among all.
    private func isEarlier(_ dimension: Int, _ code: UInt32, _ time: Int64) -> Bool {
        let lists = target.codes[dimension]
        return target.starts.indices.contains {
            target.starts[$0] < time && lists[$0].contains(code)
        }
    }

    /// When the first of all compared units that have a value began.
    private func firstStart(_ dimension: Int, _ code: UInt32) throws -> Int64 {
        let compared = target.dimensions[dimension]
        let bytes = Array(compared.values[Int(code)])
        return try Scanner.parallel(members.frames) { frame in
            try control.check()
            let fields = frame.compared.fields
            let codes = try DimensionCodes(
                ComparedValues(compared.field, frame.compared, fields), wanted: [(bytes, code)])
            let starts = try fields.starts(frame.compared.unit).starts
            var first = Int64.max
            codes.reading { codes in
                frame.compared.selection.visit { _, unit in
                    if starts[unit] < first { codes.visit(unit) { _ in first = starts[unit] } }
                }
            }
            return first
        }.min() ?? .max
    }
}
