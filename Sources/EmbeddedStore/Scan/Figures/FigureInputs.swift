internal import Spans
internal import Store

/// What a plan's figures are made of, for each matched unit of a frame.
struct FigureInputs: Sendable {
    let numbers: [UnitNumbers]
    let distinct: [UnitValues]
}

/// The numbers that one field has on each unit of a frame.
///
/// Tokens and cost are those of leaf model calls; what a trace itself has (its duration, its root's values,
/// what follows from all its spans) is one number; anything else is what each of its spans has.
struct UnitNumbers: Sendable {
    private enum Place: Equatable {
        /// Codes by unit.
        case unit
        /// Codes by row; all rows of a trace count, or the first alone.
        case rows
        case firstRow
        /// Codes by row; only model calls count.
        case calls
    }

    private let place: Place
    private let field: ResolvedField
    /// By value code.
    private let numbers: [Number?]
    private let traceEnds: [UInt32]

    /// Fields that only leaf model calls count for.
    private static let ofCalls: Set<String> = [
        "tokens.input", "tokens.output", "tokens.cached", "tokens.reasoning", "cost",
    ]

    init(
        _ name: Field, _ unit: Unit, _ fields: FieldResolver
    ) throws {
        isCost = name == Field("cost")
        traceEnds = fields.frame.traceEnds
        if unit == .trace, name.scope == .any,
            let own = try fields.traceIntrinsic(name.name, forComparison: false)
        {
            field = own
            place = .unit
        } else {
            field = try fields.resolve(name, forComparison: false)
            let isOfTrace =
                name.scope == .root
                || (name.scope == .any && TraceDimensions.names.contains(name.name))
            if unit == .trace, isOfTrace {
                place = .firstRow
            } else if name.scope == .any && Self.ofCalls.contains(name.name) {
                place = .calls
            } else {
                place = unit == .trace ? .rows : .unit
            }
        }
        let values = field.values
        numbers = (0...UInt32(values.count)).map { Number(values.value($0)) }
    }

    /// Whether it is the cost of model calls, part of which may follow from a price table.
    let isCost: Bool

    /// Whether the numbers are those of model calls, which may count for some groups of a unit only.
    var isOfCalls: Bool { place == .calls }

    /// Visits the numbers of a unit, if they are not those of model calls.
    @inline(__always)
    func visit(_ unit: Int, _ body: (Number) -> Void) {
        switch place {
        case .unit, .calls: visit(field.codes[unit], body)
        case .firstRow: visit(field.codes[firstRow(unit)], body)
        case .rows:
            for row in firstRow(unit)..<Int(traceEnds[unit]) { visit(field.codes[row], body) }
        }
    }

    private func firstRow(_ trace: Int) -> Int { trace == 0 ? 0 : Int(traceEnds[trace - 1]) }

    @inline(__always)
    func visit(row: Int, _ body: (Number) -> Void) { visit(field.codes[row], body) }

    @inline(__always)
    private func visit(_ code: UInt32, _ body: (Number) -> Void) {
        field.forEachValue(of: code) { if let number = numbers[Int($0)] { body(number) } }
    }
}

extension Number {
    /// nil for what is no number.
    init?(_ value: GroupValue) {
        switch value {
        case .integer(let value): self = .integer(value)
        case .double(let value) where !value.isNaN: self = .double(value)
        default: return nil
        }
    }
}
