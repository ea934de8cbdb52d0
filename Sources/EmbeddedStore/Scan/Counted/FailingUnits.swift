internal import Spans
internal import Store

/// The units of a frame that failed, and what rows of an answer show of them.
///
/// They are few, so they stay in memory where the whole frame's starts and trace ids would not.
struct FailingUnits: MemorySized {
    /// Ascending.
    let numbers: [UInt32]
    /// By place among `numbers`, as all else here.
    let starts: UnitStarts
    /// The numbers of their traces.
    let traces: [UInt32]
    private let traceIDs: [UInt128]

    var byteCount: Int { numbers.count * 32 }

    static func of(_ frame: any Frame, _ unit: Unit, _ control: ScanControl) throws -> Self {
        try frame.derived("failing \(unit)s") { try FailingUnits(frame, unit, control) }
    }

    private init(_ frame: any Frame, _ unit: Unit, _ control: ScanControl) throws {
        let fields = FieldResolver(frame: frame, control: control).keepingNothing()
        let frame = fields.frame
        let hasFailed = try ConditionEvaluator(
            fields, unit: unit, failure: SliceQuery.defaultFailure, percentiles: [:]
        ).units(SliceQuery.defaultFailure)
        let numbers = hasFailed.indices.filter { hasFailed[$0] }.map { UInt32($0) }
        let all = try fields.starts(unit).starts
        let ids = try TraceIDs(frame, unit)
        self.numbers = numbers
        starts = UnitStarts(numbers.map { all[Int($0)] })
        traceIDs = numbers.map { ids.id(Int($0)) }
        if unit == .trace {
            traces = numbers
        } else {
            var trace = 0
            traces = numbers.map { row in
                while frame.traceEnds[trace] <= row { trace += 1 }
                return UInt32(trace)
            }
        }
    }

    /// - Parameter index: a place among `numbers`.
    func traceID(_ index: Int) -> UInt128 { traceIDs[index] }
}

/// Which values of a field the failing units of a frame have.
struct FailingValues: MemorySized {
    /// Where the values of each unit end.
    private let ends: [UInt32]
    /// By the numbers that values have in the frame's counts.
    private let numbers: [UInt32]

    var byteCount: Int { ends.count * 4 + numbers.count * 4 }

    init(
        _ field: Field, of units: FailingUnits, _ unit: Unit, _ table: CountTable,
        _ fields: FieldResolver
    ) throws {
        let values = try UnitValues(field, unit, fields)
        var known: [UInt32: UInt32?] = [:]
        var ends: [UInt32] = []
        var numbers: [UInt32] = []
        for unit in units.numbers {
            for code in values.codes(of: Int(unit)) {
                let number: UInt32?
                if let found = known[code] {
                    number = found
                } else {
                    // A value that counts lack is one of traces that lie apart alone.
                    number =
                        code == 0
                        ? 0
                        : try values.field.values.dictionary.withValue(Int(code) - 1) {
                            try table.number(of: $0).map { UInt32($0) }
                        }
                    known[code] = number
                }
                if let number { numbers.append(number) }
            }
            ends.append(UInt32(numbers.count))
        }
        self.ends = ends
        self.numbers = numbers
    }

    /// - Parameter index: a place among the failing units.
    subscript(index: Int) -> ArraySlice<UInt32> {
        numbers[(index == 0 ? 0 : Int(ends[index - 1]))..<Int(ends[index])]
    }
}
