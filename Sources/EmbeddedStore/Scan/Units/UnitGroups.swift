/// Which units belong to which combination of values: the product of each unit's values.
struct UnitGroups: Sendable {
    /// The units by group: a unit stands here once for each of its groups.
    let units: UnitSelection
    /// For each of them.
    let groupOf: [UInt32]
    /// Some may have no unit.
    let count: Int
    /// Whether each unit has exactly one group.
    let isSingle: Bool
    private let fieldCount: Int
    /// One code for each field of each group; nil where a group has its code's number.
    private let codes: [UInt32]?

    /// The code of each field of a group.
    @inline(__always)
    func withCodes<R>(of group: Int, _ body: (UnsafeBufferPointer<UInt32>) -> R) -> R {
        if let codes {
            return codes.withUnsafeBufferPointer {
                body(.init(rebasing: $0[group * fieldCount..<(group + 1) * fieldCount]))
            }
        }
        if fieldCount == 0 { return body(.init(start: nil, count: 0)) }
        return withUnsafePointer(to: UInt32(group)) { body(.init(start: $0, count: 1)) }
    }

    init(
        _ values: [UnitValues], _ selection: UnitSelection, _ control: ScanControl
    ) throws {
        fieldCount = values.count
        guard let first = values.first else {
            units = selection
            groupOf = [UInt32](repeating: 0, count: selection.count)
            count = selection.isEmpty ? 0 : 1
            isSingle = true
            codes = nil
            return
        }
        var pairs = Pairs(units: selection, groups: [])
        if first.isSingle {
            pairs.groups = first.codes.picked(selection)
        } else {
            pairs.groups = [UInt32](repeating: 0, count: selection.count)
            try pairs.expand(first, control) { _, code in code }
        }
        var groupCount = first.field.values.count + 1
        var codes: [UInt32]?
        for (index, next) in values.enumerated().dropFirst() {
            var numbering = GroupNumbering(
                codes, fieldCount: index, groups: groupCount, values: next.field.values.count + 1)
            if next.isSingle {
                pairs.number(next.codes.picked(pairs.units)) { numbering.group($0, $1) }
            } else {
                try pairs.expand(next, control) { numbering.group($0, $1) }
            }
            try control.reserve(numbering.codes.count * 4, .groups)
            groupCount = numbering.count
            codes = numbering.codes
        }
        units = pairs.units
        groupOf = pairs.groups
        count = groupCount
        isSingle = pairs.units.count == selection.count
        self.codes = codes
    }

    private struct Pairs {
        var units: UnitSelection
        var groups: [UInt32]

        /// Replaces each group by that of it and the unit's next code.
        ///
        /// - Parameter codes: one for each of the units.
        mutating func number(_ codes: [UInt32], _ number: (UInt32, UInt32) -> UInt32) {
            groups.withUnsafeMutableBufferPointer { groups in
                codes.withUnsafeBufferPointer { codes in
                    for position in groups.indices {
                        groups[position] = number(groups[position], codes[position])
                    }
                }
            }
        }

        /// Likewise, where a unit may have several codes.
        mutating func expand(
            _ values: UnitValues, _ control: ScanControl, _ number: (UInt32, UInt32) -> UInt32
        ) throws {
            // The product of several lists is soon more than there is memory.
            var count = 0
            units.visit { _, unit in count += values.codes(of: unit).count }
            try control.reserve(count * 8, .groups)
            var nextUnits: [UInt32] = []
            var nextGroups: [UInt32] = []
            nextUnits.reserveCapacity(count)
            nextGroups.reserveCapacity(count)
            units.visit { position, unit in
                for code in values.codes(of: unit) {
                    nextUnits.append(UInt32(unit))
                    nextGroups.append(number(groups[position], code))
                }
            }
            units = .some(nextUnits)
            groups = nextGroups
        }
    }

    /// How many units each group has, and how many of them failed.
    func tallies(_ hasFailed: [Bool]) -> [Tally] {
        var tallies = [Tally](repeating: .init(), count: count)
        tallies.withUnsafeMutableBufferPointer { tallies in
            groupOf.withUnsafeBufferPointer { groupOf in
                hasFailed.withUnsafeBufferPointer { hasFailed in
                    units.visit { position, unit in
                        let group = Int(groupOf[position])
                        tallies[group].count += 1
                        tallies[group].failures += hasFailed[unit] ? 1 : 0
                    }
                }
            }
        }
        return tallies
    }
}

/// Numbers combinations of an earlier group and a code as they come.
private struct GroupNumbering {
    private let earlier: [UInt32]?
    private let fieldCount: Int
    private let valueCount: Int
    /// By earlier group and code, while that is a small table.
    private var table: [UInt32]
    private var map: [UInt64: UInt32] = [:]
    /// One more for each group than the earlier groups have.
    private(set) var codes: [UInt32] = []
    private(set) var count = 0

    private static let tableMax = 1 << 20

    /// - Parameters:
    ///   - earlier: the codes of the earlier groups; nil where each is its one code's number.
    ///   - fieldCount: how many codes each has.
    init(_ earlier: [UInt32]?, fieldCount: Int, groups: Int, values: Int) {
        self.earlier = earlier
        self.fieldCount = fieldCount
        valueCount = values
        let (size, overflows) = groups.multipliedReportingOverflow(by: values)
        table = [UInt32](
            repeating: 0, count: !overflows && size <= Self.tableMax ? size : 0)
    }

    @inline(__always)
    mutating func group(_ group: UInt32, _ code: UInt32) -> UInt32 {
        if !table.isEmpty {
            let slot = Int(group) * valueCount + Int(code)
            if table[slot] != 0 { return table[slot] - 1 }
            table[slot] = UInt32(count) + 1
            return append(group, code)
        }
        let key = UInt64(group) << 32 | UInt64(code)
        if let known = map[key] { return known }
        map[key] = UInt32(count)
        return append(group, code)
    }

    private mutating func append(_ group: UInt32, _ code: UInt32) -> UInt32 {
        if let earlier {
            let first = Int(group) * fieldCount
            codes.append(contentsOf: earlier[first..<first + fieldCount])
        } else {
            codes.append(group)
        }
        codes.append(code)
        count += 1
        return UInt32(count - 1)
    }
}
