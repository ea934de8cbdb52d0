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

    /// Names of the parameters that say which units of which time.
    package static let common = ["since", "from", "to", "where", "failure"]

    // MARK: Time

    /// Relative windows snap outward to so many nanoseconds, so that a dashboard's polls ask the same.
    private static let snap: Int64 = 10_000_000_000

    package func range() throws -> TimeRange {
        let since = parameters["since"]
        let from = try parameters["from"].map { try time($0, "from") }
        let to = try parameters["to"].map { try time($0, "to") }
        if since != nil, from != nil || to != nil {
            throw QueryFailure("bad_time", "since goes together with neither from nor to")
        }
        if from == nil, to == nil {
            let back = try duration(since ?? "24h", "since")
            return TimeRange(from: floor(now - min(back, now)), to: ceiling(now))
        }
        let upper = to.map { $0.isRelative ? ceiling($0.time) : $0.time }
        let lower =
            from.map { $0.isRelative ? floor($0.time) : $0.time }
            ?? upper.map { $0.subtractingReportingOverflow(86_400_000_000_000).partialValue }
        if let lower, let upper, lower >= upper {
            throw QueryFailure("bad_time", "from is not before to")
        }
        return TimeRange(from: lower, to: upper)
    }

    private func floor(_ time: Int64) -> Int64 { time - time % Self.snap }
    private func ceiling(_ time: Int64) -> Int64 { floor(time + Self.snap - 1) }

    private func time(_ text: String, _ name: String) throws -> (time: Int64, isRelative: Bool) {
        guard let time = TimeText.nanoseconds(text, now: now) else {
            throw QueryFailure(
                "bad_time",
                "\(name)=\(text) is no time; write 2026-11-18T02:40:00Z, 2026-11-18, 02:40, -2h or a "
                    + "Unix number")
        }
        return time
    }

    private func duration(_ text: String, _ name: String) throws -> Int64 {
        guard let value = DurationText.nanoseconds(text), value > 0, value < 9e18 else {
            throw QueryFailure("bad_time", "\(name)=\(text) is no duration; write 15m, 24h or 7d")
        }
        return Int64(value)
    }

    // MARK: Expressions

    package func condition() throws -> Expression? {
        try parameters["where"].flatMap { try expression($0, "where") }
    }

    package func failure() throws -> Expression {
        try parameters["failure"].flatMap { try expression($0, "failure") }
            ?? SliceQuery.defaultFailure
    }

    private func expression(_ text: String, _ name: String) throws -> Expression? {
        if text.allSatisfy(\.isWhitespace) { return nil }
        do {
            return try ExpressionParser.parse(text, isFailure: name == "failure")
        } catch {
            throw QueryFailure(
                "bad_expression", "\(name): \(error.message)", position: error.position)
        }
    }

    package func fields(_ name: String) throws -> [Field] {
        guard let text = parameters[name], !text.allSatisfy(\.isWhitespace) else { return [] }
        do {
            return try ExpressionParser.fields(text)
        } catch {
            throw QueryFailure(
                "bad_expression", "\(name): \(error.message)", position: error.position)
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
        guard let text = parameters["limit"] else { return 20 }
        if text == "all", most == nil { return nil }
        guard let limit = Int(text), limit >= 1, limit <= most ?? .max else {
            let range = most.map { "a number from 1 to \($0)" } ?? "a number from 1, or all"
            throw QueryFailure("bad_limit", "limit=\(text): it is \(range)")
        }
        return limit
    }

    package func choice(_ name: String, of choices: [String]) throws -> String {
        let text = parameters[name] ?? choices[0]
        guard choices.contains(text) else {
            throw QueryFailure(
                "bad_\(name)", "\(name)=\(text): it is one of \(choices.joined(separator: ", "))")
        }
        return text
    }
}
