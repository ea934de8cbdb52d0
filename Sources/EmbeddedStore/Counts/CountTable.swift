internal import Spans
internal import Store

/// The counts of one field as they are stored of a segment: values of which some unit failed at hand, the others in blocks,
/// each decoded when something of it is asked for.
///
/// What is asked of a field with many values is mostly about those that fail, which are few. Values have numbers: 0 is
/// null, then come those that fail, in the order of their bytes, then the others.
struct CountTable: MemorySized {
    /// And of the units without a value.
    let failing: ValueCounts
    let quiet: QuietValues

    /// Whether some span has several values.
    var isList: Bool { failing.isList }

    /// How many values there are, null not counted.
    var count: Int { failing.values.count + quiet.count }

    /// The least number of a value of which no unit failed.
    var firstQuiet: Int { failing.values.count + 1 }

    var byteCount: Int { failing.byteCount + quiet.byteCount }

    typealias Body = (_ number: Int, _ tagged: UnsafeRawBufferPointer, _ tally: Tally) -> Void

    /// Visits null and all values, each with its tag and bytes and its counts; null has no bytes.
    func visit(_ unit: Unit, _ body: Body) throws {
        visitFailing(unit, body)
        for block in 0..<quiet.blockCount {
            let values = try quiet.block(block)
            let first = firstQuiet + block * QuietValues.blockValues
            for index in 0..<values.count {
                let tally = values.tally(unit, index)
                values.withValue(index) { body(first + index, $0, tally) }
            }
        }
    }

    /// Visits null and the values of which some unit failed, a span or a trace.
    func visitFailing(_ unit: Unit, _ body: Body) {
        let tallies = failing.tallies(unit)
        body(0, UnsafeRawBufferPointer(start: nil, count: 0), tallies[0])
        for index in 0..<failing.values.count {
            failing.values.withValue(index) { body(index + 1, $0, tallies[index + 1]) }
        }
    }

    /// Visits some values by their numbers.
    ///
    /// - Parameter numbers: ascending, so that no block is decoded twice.
    func visit(_ unit: Unit, _ numbers: some Sequence<Int>, _ body: Body) throws {
        let tallies = failing.tallies(unit)
        var rest = numbers.makeIterator()
        var next = rest.next()
        while let number = next {
            if number == 0 {
                body(0, UnsafeRawBufferPointer(start: nil, count: 0), tallies[0])
                next = rest.next()
            } else if number < firstQuiet {
                failing.values.withValue(number - 1) { body(number, $0, tallies[number]) }
                next = rest.next()
            } else {
                let block = (number - firstQuiet) / QuietValues.blockValues
                let first = firstQuiet + block * QuietValues.blockValues
                let values = try quiet.block(block)
                while let number = next, number < first + QuietValues.blockValues {
                    let tally = values.tally(unit, number - first)
                    values.withValue(number - first) { body(number, $0, tally) }
                    next = rest.next()
                }
            }
        }
    }

    func tally(_ unit: Unit, _ number: Int) throws -> Tally {
        var found = Tally()
        try visit(unit, CollectionOfOne(number)) { _, _, tally in found = tally }
        return found
    }

    /// The number of a value; nil if no span has it.
    ///
    /// - Parameters:
    ///   - tagged: a tag and bytes; nothing at all for null.
    ///   - cursor: what was looked up before it. Of values in the order of their bytes no block is decoded twice.
    func number(
        of tagged: UnsafeRawBufferPointer, _ cursor: inout QuietValues.Cursor
    ) throws -> Int? {
        if let number = failing.index(of: tagged) { return number }
        return try quiet.place(of: tagged, &cursor).map { firstQuiet + $0 }
    }

    func number(of tagged: UnsafeRawBufferPointer) throws -> Int? {
        var cursor = QuietValues.Cursor()
        return try number(of: tagged, &cursor)
    }

    /// The counts of a value that was just looked up.
    func tally(_ unit: Unit, _ number: Int, _ cursor: QuietValues.Cursor) throws -> Tally {
        if number < firstQuiet { return failing.tallies(unit)[number] }
        return try cursor.tally(unit, number - firstQuiet) ?? tally(unit, number)
    }
}

extension CountTable {
    /// A field that no span has.
    init(absentFrom totals: (spans: Tally, traces: Tally)) {
        func alone(_ tally: Tally) -> ValueCounts.Tallies {
            .init(counts: [UInt32(tally.count)], failures: [UInt32(tally.failures)])
        }
        failing = ValueCounts(
            values: StringTable(), isList: false, spans: alone(totals.spans),
            traces: alone(totals.traces))
        quiet = QuietValues()
    }

    /// What some units add to the counts of a field: by the number of the value, ascending.
    ///
    /// - Throws: `MissingValue` if these are not the counts of the frame's rows.
    func shares(
        of units: CountedUnits, _ unit: Unit, _ field: Field, _ fields: FieldResolver
    ) throws -> [(number: Int, tally: Tally)] {
        if units[unit].selection.isEmpty { return [] }
        let values = try UnitValues(field, unit, fields)
        let tallies = try UnitGroups([values], units[unit].selection, fields.control)
            .tallies(units[unit].hasFailed)
        var shares: [(number: Int, tally: Tally)] = []
        for (code, tally) in tallies.enumerated() where tally.count > 0 {
            let number =
                code == 0
                ? 0
                : try values.field.values.dictionary.withValue(code - 1) { try self.number(of: $0) }
            guard let number else { throw MissingValue() }
            shares.append((number, tally))
        }
        return shares.sorted { $0.number < $1.number }
    }
}

/// Counts lack a value that rows have.
struct MissingValue: Error {}
