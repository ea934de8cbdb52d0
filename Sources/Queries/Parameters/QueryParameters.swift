internal import Spans
package import Store

/// Reads the parameters that several routes share.
package struct QueryParameters: Sendable {
    package let parameters: Parameters
    /// Unix nanoseconds.
    package let now: Int64

    package init(_ parameters: Parameters, now: UInt64) {
        self.parameters = parameters
        self.now = Int64(clamping: now)
    }

    // MARK: Time

    /// Relative windows snap outward to so many nanoseconds, so that a dashboard's polls ask the same.
    private static let snap: Int64 = 10_000_000_000

    private func times() throws -> TimeText {
        guard let name = parameters["tz"] else { return TimeText(now: now) }
        guard let times = TimeText(now: now, zone: name) else {
            throw QueryFailure(
                "bad_time", "tz=\(name) is no time zone; write one such as Europe/Berlin or UTC")
        }
        return times
    }

    /// - Parameter step: to which relative windows snap, in nanoseconds; nil for ten seconds.
    package func range(step: Int64? = nil) throws -> TimeRange {
        let step = step ?? Self.snap
        let times = try times()
        let since = parameters["since"]
        let from = try parameters["from"].map { try time($0, "from", times) }
        let to = try parameters["to"].map { try time($0, "to", times) }
        if since != nil, from != nil || to != nil {
            throw QueryFailure("bad_time", "since goes together with neither from nor to")
        }
        if from == nil, to == nil {
            let back = try duration(since ?? "24h", "since")
            return TimeRange(
                from: floor(now - min(back, now), step), to: ceiling(now, step))
        }
        let upper = to.map { $0.isRelative ? ceiling($0.time, step) : $0.time }
        let lower =
            from.map { $0.isRelative ? floor($0.time, step) : $0.time }
            ?? upper.map { $0.subtractingReportingOverflow(86_400_000_000_000).partialValue }
        if let lower, let upper, lower >= upper {
            throw QueryFailure("bad_time", "from is not before to")
        }
        return TimeRange(from: lower, to: upper)
    }

    /// The zone in which a terminal shows times, as the IANA database names it.
    package func zone() throws -> String {
        _ = try times()
        return parameters["tz"] ?? "UTC"
    }

    private func floor(_ time: Int64, _ step: Int64) -> Int64 { time - time % step }

    private func ceiling(_ time: Int64, _ step: Int64) -> Int64 {
        let (sum, overflow) = time.addingReportingOverflow(step - 1)
        return overflow ? time : floor(sum, step)
    }

    private func time(
        _ text: String, _ name: String, _ times: TimeText
    ) throws -> (time: Int64, isRelative: Bool) {
        guard let time = times.nanoseconds(text) else {
            throw QueryFailure(
                "bad_time",
                "\(name)=\(text) is no time; write 2026-11-18T02:40:00Z, 2026-11-18, 02:40, -2h or a "
                    + "Unix number")
        }
        return time
    }

    func duration(_ text: String, _ name: String) throws -> Int64 {
        guard let value = DurationText.nanoseconds(text), value > 0, value < 9e18 else {
            throw QueryFailure("bad_time", "\(name)=\(text) is no duration; write 15m, 24h or 7d")
        }
        return Int64(value)
    }

    /// The other window that `vs` names: `previous`, the same window earlier, or `T1..T2`.
    ///
    /// - Parameter range: the window of the question.
    package func before(_ range: TimeRange) throws -> TimeRange? {
        guard let text = parameters["vs"] else { return nil }
        if let dots = text.firstRange(of: "..") {
            let times = try times()
            let from = try time(String(text[..<dots.lowerBound]), "vs", times).time
            let to = try time(String(text[dots.upperBound...]), "vs", times).time
            guard from < to else { throw QueryFailure("bad_time", "vs=\(text): it ends first") }
            return TimeRange(from: from, to: to)
        }
        guard let from = range.from, let to = range.to else {
            throw QueryFailure(
                "bad_time", "vs=\(text) needs a range that ends: give from and to, or since")
        }
        let distance: Int64
        if text == "previous" {
            let (length, overflow) = to.subtractingReportingOverflow(from)
            if overflow {
                throw QueryFailure(
                    "bad_time", "vs=previous: the range is longer than half of all time")
            }
            distance = length
        } else if let back = DurationText.nanoseconds(text), back > 0, back < 9e18 {
            distance = Int64(back)
        } else {
            throw QueryFailure(
                "bad_time",
                "vs=\(text): it is previous, a duration such as 24h or 7d, or a window T1..T2")
        }
        let (start, overflow) = from.subtractingReportingOverflow(distance)
        if overflow { throw QueryFailure("bad_time", "vs=\(text) lies before all time") }
        return TimeRange(from: start, to: to.minus(distance))
    }

    /// `step`, in nanoseconds; nil for a length that fits the range.
    package func step() throws -> Int64? {
        guard let text = parameters["step"] else { return nil }
        let seconds = Number(text).map { $0.double * 1e9 }
        guard let value = seconds ?? DurationText.nanoseconds(text), value >= 1e6, value < 9e18
        else {
            throw QueryFailure(
                "bad_step", "step=\(text): it is a duration from 1ms on, such as 10s, 1m or 1h")
        }
        return Int64(value)
    }

    // MARK: Expressions

    package func condition() throws -> Expression? {
        try parsed("where") { text throws(ExpressionError) in try ExpressionParser.parse(text) }
    }

    package func failure() throws -> Expression {
        try parsed("failure") { text throws(ExpressionError) in
            try ExpressionParser.parse(text, isFailure: true)
        } ?? SliceQuery.defaultFailure
    }

    package func fields(_ name: String) throws -> [Field] {
        let fields =
            try parsed(name) { text throws(ExpressionError) in
                try ExpressionParser.fields(text)
            } ?? []
        try refuseRepeated(fields.map(\.description), name)
        return fields
    }

    package func figures(_ name: String, otherwise: [NamedFigure]) throws -> [NamedFigure] {
        let figures =
            try parsed(name) { text throws(ExpressionError) in
                try ExpressionParser.figures(text)
            } ?? otherwise
        try refuseRepeated(figures.map(\.name), name)
        return figures
    }

    /// No answer has a column twice.
    private func refuseRepeated(_ names: [String], _ parameter: String) throws {
        var seen: Set<String> = []
        guard let repeated = names.first(where: { !seen.insert($0).inserted }) else { return }
        throw QueryFailure("bad_\(parameter)", "\(parameter) has \(repeated) twice")
    }

    package func having() throws -> Having<Figure>? {
        try parsed("having") { text throws(ExpressionError) in try ExpressionParser.having(text) }
    }

    package func findingHaving() throws -> Having<FindingFigure>? {
        try parsed("having") { text throws(ExpressionError) in
            try ExpressionParser.findingHaving(text)
        }
    }

    /// An expression that says which units are in a cohort.
    package func cohort(_ name: String) throws -> Expression? {
        try parsed(name) { text throws(ExpressionError) in try ExpressionParser.parse(text) }
    }

    package func order() throws -> RowOrder {
        try parsed("order") { text throws(ExpressionError) in try ExpressionParser.order(text) }
            ?? RowOrder(.failures)
    }

    private func parsed<T>(
        _ name: String, _ parse: (String) throws(ExpressionError) -> T
    ) throws -> T? {
        guard let text = parameters[name], !text.allSatisfy(\.isWhitespace) else { return nil }
        do throws(ExpressionError) {
            return try parse(text)
        } catch {
            throw QueryFailure(
                "bad_expression", "\(name): \(error.message)", position: error.position,
                text: text)
        }
    }

    // MARK: Others

    package func unit() throws -> Unit {
        let text = parameters["unit"] ?? Unit.trace.rawValue
        guard let unit = Unit(rawValue: text) else {
            throw QueryFailure("bad_unit", "unit=\(text): it is trace or span")
        }
        return unit
    }

    /// - Returns: nil for `all`.
    package func limit(most: Int? = nil) throws -> Int? {
        guard let text = parameters["limit"] else { return Parameter.limitStandard }
        if text == "all", most == nil { return nil }
        guard let limit = Int(text), limit >= 1, limit <= most ?? .max else {
            let range = most.map { "a number from 1 to \($0)" } ?? "a number from 1, or all"
            throw QueryFailure("bad_limit", "limit=\(text): it is \(range)")
        }
        return limit
    }

    /// `check=1`: whether rows that are left mean that something is wrong.
    package func check() throws -> Bool { try isOn(.check) }

    /// The value of a parameter that is 0 or 1.
    package func isOn(_ parameter: Parameter) throws -> Bool {
        let text = parameters[parameter.name] ?? "0"
        guard text == "0" || text == "1" else {
            throw QueryFailure(
                "bad_\(parameter.name)", "\(parameter.name)=\(text): it is 0 or 1")
        }
        return text == "1"
    }

    /// How wide a terminal is, in columns.
    package func width() throws -> Int { try number(.width) }

    /// The value of a parameter that is a number.
    func number(_ parameter: Parameter) throws -> Int {
        let text = parameters[parameter.name] ?? parameter.standard ?? ""
        guard case .number(let range) = parameter.values else { return 0 }
        guard let number = Int(text), range.contains(number) else {
            throw QueryFailure(
                "bad_\(parameter.name)",
                "\(parameter.name)=\(text): it is a number from \(range.lowerBound) to "
                    + "\(range.upperBound)")
        }
        return number
    }

    package func format() throws -> RowFormat {
        RowFormat(rawValue: try choice(.format)) ?? .json
    }

    /// The value of a parameter that has but a few.
    package func choice(_ parameter: Parameter) throws -> String {
        let name = parameter.name
        let text = parameters[name] ?? parameter.standard ?? ""
        if case .oneOf(let choices) = parameter.values, !choices.contains(text) {
            throw QueryFailure(
                "bad_\(name)", "\(name)=\(text): it is one of \(choices.joined(separator: ", "))")
        }
        return text
    }
}
