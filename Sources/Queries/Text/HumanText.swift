internal import Foundation
internal import Spans
internal import Store

/// Figures as a person reads them at a glance.
enum HumanText {
    /// `184,913`.
    static func count(_ value: Int) -> String { grouped(String(value)) }

    private static func grouped(_ digits: String) -> String {
        var text = ""
        let isNegative = digits.hasPrefix("-")
        for (index, digit) in digits.drop(while: { $0 == "-" }).reversed().enumerated() {
            if index > 0, index % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return (isNegative ? "-" : "") + String(text.reversed())
    }

    /// `18.5%`; `–` of nothing.
    static func percent(_ share: Double?) -> String {
        share.map { String(format: "%.1f%%", $0 * 100) } ?? none
    }

    /// `17.3–19.6`, in percent.
    static func interval(_ interval: (low: Double, high: Double)?) -> String {
        interval.map { String(format: "%.1f–%.1f", $0.low * 100, $0.high * 100) } ?? none
    }

    static let none = "–"

    /// `850µs`, `85ms`, `20.1s`, `4m30s`, `2h05m`.
    static func duration(milliseconds: Double) -> String {
        let seconds = milliseconds / 1000
        if milliseconds == 0 { return "0ms" }
        if milliseconds < 1 { return String(format: "%.0fµs", milliseconds * 1000) }
        if milliseconds < 9.95 { return String(format: "%.1fms", milliseconds) }
        if milliseconds < 999.5 { return String(format: "%.0fms", milliseconds) }
        if seconds < 99.95 { return String(format: "%.1fs", seconds) }
        let whole = Int(seconds.rounded())
        if whole < 3600 { return String(format: "%dm%02ds", whole / 60, whole % 60) }
        return String(format: "%dh%02dm", whole / 3600, whole / 60 % 60)
    }

    /// Up to six significant digits.
    static func number(_ value: Double) -> String {
        if value == value.rounded(), abs(value) < 1e15 { return grouped(String(Int(value))) }
        return String(format: "%.6g", value)
    }

    /// `850 B`, `27.4 MB`.
    static func bytes(_ count: Int) -> String {
        var amount = Double(count)
        var unit = "B"
        for larger in ["kB", "MB", "GB", "TB"] where amount >= 999.5 {
            amount /= 1000
            unit = larger
        }
        return String(format: unit == "B" || amount >= 99.95 ? "%.0f %@" : "%.1f %@", amount, unit)
    }

    /// `0.031`, `<1e-9`.
    static func probability(_ value: Double?) -> String {
        guard let value else { return none }
        if value < 1e-99 { return "<1e-99" }
        if value < 0.001 { return String(format: "%.0e", value) }
        return String(format: value < 0.1 ? "%.3f" : "%.2f", value)
    }

    /// The size of each count beside the greatest, in eighths of a line.
    static func sparkLine(_ counts: [Int]) -> String {
        let marks = Array("▁▂▃▄▅▆▇█")
        guard let greatest = counts.max(), greatest > 0 else {
            return String(repeating: " ", count: counts.count)
        }
        return String(
            counts.map { count in
                if count == 0 { return " " }
                return marks[min(7, max(0, (count * 8 - 1) / greatest))]
            })
    }

    /// `11-17 10:26`, in a zone.
    static func time(_ nanoseconds: Int64, zone: String) -> String {
        var time = nanoseconds
        if zone != "UTC", let zone = TimeZone(identifier: zone) {
            let date = Date(timeIntervalSince1970: Double(nanoseconds) / 1e9)
            time += Int64(zone.secondsFromGMT(for: date)) * 1_000_000_000
        }
        let text = Timestamp.text(time)
        return text.dropFirst(5).prefix(5) + " " + text.dropFirst(11).prefix(5)
    }

    /// `11-17 10:26 → 11-18 10:26 UTC`.
    static func range(_ range: TimeRange, _ coverage: Coverage, zone: String) -> String {
        let from = range.from.map { $0 <= 0 ? coverage.oldest ?? $0 : $0 } ?? coverage.oldest
        let to = range.to ?? coverage.newest
        func text(_ time: Int64?) -> String { time.map { self.time($0, zone: zone) } ?? none }
        return "\(text(from)) → \(text(to)) \(zone)"
    }

    /// A value of a group.
    static func value(_ value: GroupValue, of field: Field) -> String {
        switch value {
        case .null: return "null"
        case .text(let text):
            return text.isEmpty ? "\"\"" : DisplayWidth.printable(text)
        case .double(let number) where field.isIntrinsic("duration"):
            return duration(milliseconds: number)
        case .integer(let time) where field.isIntrinsic("start_time"):
            return Timestamp.text(time)
        case .integer(let number): return String(number)
        case .double(let number): return AttributeValue.json(number)
        case .boolean(let flag): return flag ? "true" : "false"
        case .bytes(let bytes): return AttributeValue.base64(bytes)
        case .json(let text): return text
        }
    }

    /// A figure, in its own unit.
    static func value(_ value: FigureValue, of figure: Figure) -> String {
        switch (figure, value) {
        case (.failureRate, _), (.failureRateLow, _), (.failureRateHigh, _), (.share, _),
            (.shareOfFailures, _):
            return percent(value.number)
        case (.pValue, _): return probability(value.number)
        case (_, .none): return none
        case (_, .time(let time)): return Timestamp.text(time)
        case (_, .histogram(let buckets)):
            guard let first = buckets.first, let last = buckets.last else { return none }
            return "\(number(first.low)) \(sparkLine(buckets.map(\.count))) \(number(last.high))"
        case (_, .integer(let count)): return grouped(String(count))
        case (.aggregate(.distinct, _), .double(let count)): return number(count)
        case (.costEstimated, .double(let cost)): return String(format: "%.2f", cost)
        case (.aggregate(_, let field), .double(let amount)):
            if ["duration", "ttft"].contains(field.name) { return duration(milliseconds: amount) }
            if field.name == "cost" { return String(format: amount < 1 ? "%.4f" : "%.2f", amount) }
            return number(amount)
        case (_, .double(let amount)): return number(amount)
        }
    }
}
