internal import Spans
internal import Store

/// The distinct values of one field of `by` for each matched unit.
struct UnitValues: Sendable {
    let field: ResolvedField
    /// Whether every model call of a trace counts for the trace's value: it is the root's, or the
    /// trace's own.
    let isOfTrace: Bool
    /// Where the codes of each unit end; every unit has at least one, null if need be. Empty if each has
    /// exactly one.
    private(set) var ends: [UInt32] = []
    private(set) var codes: [UInt32] = []

    init(
        _ name: Field, _ units: MatchedUnits, _ fields: FieldResolver, _ times: FrameTimes
    ) throws {
        let frame = fields.frame
        if units.unit == .trace, name.scope == .any,
            let intrinsic = try fields.traceIntrinsic(name.name, times, forComparison: false)
        {
            field = intrinsic
            isOfTrace = true
            codes = units.numbers.map { intrinsic.codes[Int($0)] }
            return
        }
        let resolved = try fields.resolve(name, times, forComparison: false)
        field = resolved
        isOfTrace = name.scope == .root
        if units.unit == .span, resolved.lists == nil {
            codes = units.numbers.map { resolved.codes[Int($0)] }
            return
        }
        ends.reserveCapacity(units.numbers.count)
        codes.reserveCapacity(units.numbers.count)
        switch units.unit {
        case .span:
            for row in units.numbers { appendRow(resolved.codes[Int(row)]) }
        case .trace:
            for trace in units.numbers { appendTrace(frame.rows(of: Int(trace)), resolved) }
        }
    }

    /// Whether each unit has exactly one code.
    var isSingle: Bool { ends.isEmpty }

    func codes(of unit: Int) -> ArraySlice<UInt32> {
        if isSingle { return codes[unit...unit] }
        return codes[(unit == 0 ? 0 : Int(ends[unit - 1]))..<Int(ends[unit])]
    }

    private mutating func appendRow(_ code: UInt32) {
        if code == 0 {
            codes.append(code)
        } else {
            field.forEachValue(of: code) { codes.append($0) }
        }
        ends.append(UInt32(codes.count))
    }

    /// The distinct values of a trace's rows. There are few, so looking through them beats hashing.
    private mutating func appendTrace(_ rows: Range<Int>, _ resolved: ResolvedField) {
        let start = codes.count
        var last: UInt32 = 0
        for row in rows {
            let code = resolved.codes[row]
            if code == 0 || code == last { continue }
            last = code
            resolved.forEachValue(of: code) { value in
                if !codes[start...].contains(value) { codes.append(value) }
            }
        }
        if codes.count == start { codes.append(0) }
        ends.append(UInt32(codes.count))
    }
}

/// Which units belong to which combination of values: the product of each unit's values.
struct UnitGroups: Sendable {
    /// Pairs of a unit and a group of it, units ascending.
    private let units: [UInt32]
    private let groupOf: [UInt32]
    private let groupCodes: [[UInt32]]
    let unitCount: Int

    var count: Int { groupCodes.count }

    /// One code for each field.
    func codes(of group: Int) -> [UInt32] { groupCodes[group] }

    /// The group of each unit, if each has exactly one.
    var only: [UInt32]? { units.count == unitCount ? groupOf : nil }

    init(_ values: [UnitValues], unitCount: Int) {
        self.unitCount = unitCount
        var units = (0..<unitCount).map { UInt32($0) }
        var groups = [UInt32](repeating: 0, count: unitCount)
        var groupCodes: [[UInt32]] = unitCount == 0 ? [] : [[]]
        for values in values {
            var numbering = GroupNumbering(groupCodes, values: values.field.values.count + 1)
            if values.isSingle {
                for index in units.indices {
                    groups[index] = numbering.group(
                        groups[index], values.codes[Int(units[index])])
                }
                groupCodes = numbering.codes
                continue
            }
            var nextUnits: [UInt32] = []
            var nextGroups: [UInt32] = []
            nextUnits.reserveCapacity(units.count)
            nextGroups.reserveCapacity(units.count)
            for (unit, group) in zip(units, groups) {
                for code in values.codes(of: Int(unit)) {
                    nextUnits.append(unit)
                    nextGroups.append(numbering.group(group, code))
                }
            }
            units = nextUnits
            groups = nextGroups
            groupCodes = numbering.codes
        }
        self.units = units
        groupOf = groups
        self.groupCodes = groupCodes
    }

    func tallies(_ hasFailed: [Bool]) -> [SliceScan.Tally] {
        var tallies = [SliceScan.Tally](repeating: .init(), count: count)
        for (unit, group) in zip(units, groupOf) {
            tallies[Int(group)].count += 1
            if hasFailed[Int(unit)] { tallies[Int(group)].failures += 1 }
        }
        return tallies
    }

    /// Units by group, in their own order within each.
    func sorted() -> Sorted {
        // Counting sort.
        var ends = [UInt32](repeating: 0, count: count)
        for group in groupOf { ends[Int(group)] += 1 }
        var at: UInt32 = 0
        var starts: [UInt32] = []
        for group in ends.indices {
            starts.append(at)
            at += ends[group]
            ends[group] = at
        }
        var sorted = [UInt32](repeating: 0, count: units.count)
        for (unit, group) in zip(units, groupOf) {
            sorted[Int(starts[Int(group)])] = unit
            starts[Int(group)] += 1
        }
        return Sorted(units: sorted, ends: ends)
    }

    struct Sorted: Sendable {
        fileprivate let units: [UInt32]
        fileprivate let ends: [UInt32]

        func members(of group: Int) -> ArraySlice<UInt32> {
            units[(group == 0 ? 0 : Int(ends[group - 1]))..<Int(ends[group])]
        }
    }
}

/// Numbers combinations of an earlier group and a code as they come.
private struct GroupNumbering {
    private let earlier: [[UInt32]]
    private let valueCount: Int
    /// By earlier group and code, while that is a small table.
    private var table: [UInt32]
    private var map: [UInt64: UInt32] = [:]
    private(set) var codes: [[UInt32]] = []

    private static let tableMax = 1 << 20

    init(_ earlier: [[UInt32]], values: Int) {
        self.earlier = earlier
        valueCount = values
        let size = earlier.count * values
        table = [UInt32](repeating: 0, count: size <= Self.tableMax ? size : 0)
    }

    mutating func group(_ group: UInt32, _ code: UInt32) -> UInt32 {
        if table.isEmpty {
            let key = UInt64(group) << 32 | UInt64(code)
            if let known = map[key] { return known }
            map[key] = UInt32(codes.count)
        } else {
            let slot = Int(group) * valueCount + Int(code)
            if table[slot] != 0 { return table[slot] - 1 }
            table[slot] = UInt32(codes.count) + 1
        }
        codes.append(earlier[Int(group)] + [code])
        return UInt32(codes.count - 1)
    }
}
