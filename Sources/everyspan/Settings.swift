import ArgumentParser
import EmbeddedStore
import Foundation
import HTTP
import Prices
import Queries
import Service
import Watch

/// What `serve` was told, by flag, environment or configuration file.
struct Settings {
    var host = "127.0.0.1"
    var port = 4318
    var store: EmbeddedStore.Settings
    var service = ServiceSettings()
    var limits = HTTPLimits()
    var drainSeconds = 30
    /// nil: nothing watches.
    var watch: WatchSettings?
    /// Who is told what the watch finds.
    var webhook: Webhook?
    /// What the price file held, for the log.
    var prices: String?

    init(
        _ flags: Serve, environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws {
        let path = flags.config ?? environment["EVERYSPAN_CONFIG"]
        let file = try path.map(ConfigurationFile.init(path:)) ?? ConfigurationFile()
        func text(_ flag: String?, _ name: String) -> String? {
            let variable = "EVERYSPAN_" + name.uppercased().replacingOccurrences(of: "-", with: "_")
            return flag ?? environment[variable] ?? file[name]
        }
        func number(_ flag: Int?, _ name: String, _ standard: Int) throws -> Int {
            guard let text = text(flag.map(String.init), name) else { return standard }
            guard let number = Int(text), number > 0 else {
                throw ValidationError("\(name) is \(text); it is a number from 1 on")
            }
            return number
        }
        guard let data = text(flags.data, "data"), !data.isEmpty else {
            throw ValidationError("say where the data lies: --data DIR, or EVERYSPAN_DATA")
        }
        store = EmbeddedStore.Settings(directory: data)
        store.retainSeconds = try text(flags.retain, "retain").map(Self.seconds)
        store.retainBytes = try text(flags.retainBytes, "retain-bytes").map(Self.bytes)
        store.warmBytesMax = try number(flags.warmBytesMax, "warm-bytes-max", store.warmBytesMax)
        store.querySecondsMax = try number(
            flags.querySecondsMax, "query-seconds-max", store.querySecondsMax)
        store.queryBytesMax = try number(
            flags.queryBytesMax, "query-bytes-max", store.queryBytesMax)
        store.countedSpansMin = try number(
            flags.countedSpansMin, "counted-spans-min", store.countedSpansMin)
        limits.bodyBytesMax = try number(flags.bodyBytesMax, "body-bytes-max", limits.bodyBytesMax)
        service.bodyBytesMax = limits.bodyBytesMax
        func isOn(_ flag: String?, _ name: String) throws -> Bool {
            switch text(flag, name) ?? "on" {
            case "on": true
            case "off": false
            case let other: throw ValidationError("\(name) is \(other); it is on or off")
            }
        }
        store.merges = try isOn(flags.merging, "merging")
        if try isOn(flags.watch, "watch") {
            watch = try Self.watch(
                window: text(flags.watchWindow, "watch-window"),
                every: text(flags.watchEvery, "watch-every"),
                failure: text(flags.watchFailure, "watch-failure"),
                having: text(flags.watchHaving, "watch-having"))
        }
        if let url = text(flags.watchWebhook, "watch-webhook"), !url.isEmpty {
            guard let hook = Webhook(url: url) else {
                throw ValidationError(
                    "watch-webhook is no address such as https://hooks.example.com/T123")
            }
            guard watch != nil else {
                throw ValidationError("watch-webhook is set, but watch is off: nothing is told")
            }
            webhook = hook
        }
        if let path = text(flags.prices, "prices"), !path.isEmpty { try readPrices(path) }
        service.version = Everyspan.version
        drainSeconds = try number(flags.drainSeconds, "drain-seconds", drainSeconds)
        let origins = text(flags.corsOrigins, "cors-origins") ?? ""
        service.corsOrigins = origins.split(separator: ",").map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        try readListen(text(flags.listen, "listen"))
    }

    private static func watch(
        window: String?, every: String?, failure: String?, having: String?
    ) throws -> WatchSettings {
        func parsed<T>(
            _ name: String, _ parse: () throws(ExpressionError) -> T
        ) throws -> T {
            do throws(ExpressionError) { return try parse() } catch {
                throw ValidationError("\(name), at \(error.position): \(error.message)")
            }
        }
        var settings = try parsed("watch-having") { () throws(ExpressionError) in
            try WatchSettings(having: having ?? WatchSettings.havingStandard)
        }
        if let window { settings.windowSeconds = try seconds(window) }
        settings.everySeconds = try every.map(seconds)
        if let failure {
            settings.failure = try parsed("watch-failure") { () throws(ExpressionError) in
                try ExpressionParser.parse(failure, isFailure: true)
            }
        }
        guard settings.windowSeconds <= WatchSettings.windowSecondsMax,
            settings.secondsBetween <= settings.windowSeconds
        else {
            throw ValidationError(
                "watch-window is at most 30d, and watch-every no longer than it: else windows are left out"
            )
        }
        return settings
    }

    private mutating func readPrices(_ path: String) throws {
        do {
            let file = try PriceFile(path: path)
            store.prices = file.table
            prices =
                "prices of \(file.table.count) models from \(path) "
                + "(\(file.unpriced) without a price of tokens, \(file.skipped) unreadable)"
        } catch let error as PriceFileError {
            throw ValidationError("prices: \(error.description)")
        }
    }

    /// `HOST:PORT`, `[::1]:4318`, `:4318` for all addresses, or a port alone.
    private mutating func readListen(_ text: String?) throws {
        guard let text else { return }
        let colon = text.lastIndex(of: ":")
        let portText = colon.map { text[text.index(after: $0)...] } ?? text[...]
        guard let port = Int(portText), (0...65535).contains(port) else {
            throw ValidationError("listen is \(text); it is HOST:PORT, such as 127.0.0.1:4318")
        }
        self.port = port
        guard let colon else { return }
        let host = text[..<colon].filter { $0 != "[" && $0 != "]" }
        self.host = host.isEmpty ? "0.0.0.0" : host
    }

    func address(_ port: Int) -> String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// `200GB`, `1.5TB`, `64MiB`, or a number of bytes.
    static func bytes(_ text: String) throws -> Int {
        let units: [(name: String, bytes: Double)] = [
            ("kib", 1024), ("mib", 1_048_576), ("gib", 1_073_741_824), ("tib", 1_099_511_627_776),
            ("kb", 1e3), ("mb", 1e6), ("gb", 1e9), ("tb", 1e12), ("b", 1), ("", 1),
        ]
        let lower = text.lowercased()
        let unit = units.first { lower.hasSuffix($0.name) } ?? ("", 1)
        let digits = lower.dropLast(unit.name.count).trimmingCharacters(in: .whitespaces)
        // What Double reads beyond a plain number (a sign, hexadecimal digits, infinity) is no size.
        guard digits.allSatisfy({ $0.isASCII && $0.isNumber || $0 == "." }),
            let number = Double(digits), case let bytes = number * unit.bytes,
            bytes >= 1, let whole = Int(exactly: bytes.rounded())
        else { throw ValidationError("\(text) is no size such as 200GB, 1.5TB or 500MiB") }
        return whole
    }

    /// `30d`, `12h`, `90m` or `3600s`.
    static func seconds(_ text: String) throws -> Int {
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800]
        guard let unit = text.last.flatMap({ units[$0] }), let count = Int(text.dropLast()),
            count > 0,
            case (let seconds, let overflow) = count.multipliedReportingOverflow(by: unit),
            !overflow
        else { throw ValidationError("\(text) is no duration such as 30d, 12h or 90m") }
        return seconds
    }
}

/// Lines of `name = value`, the names those of the flags; `#` begins a comment.
struct ConfigurationFile {
    private var values: [String: String] = [:]

    static let names = [
        "data", "listen", "retain", "retain-bytes", "body-bytes-max", "warm-bytes-max",
        "query-seconds-max", "query-bytes-max", "counted-spans-min", "drain-seconds",
        "cors-origins", "merging", "prices", "watch", "watch-window", "watch-every",
        "watch-failure",
        "watch-having", "watch-webhook",
    ]

    init() {}

    init(path: String) throws {
        let text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw ValidationError("cannot read \(path): \(error.localizedDescription)")
        }
        // A carriage return and a line feed are one Character.
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, line) in lines.enumerated() {
            let content = line.prefix { $0 != "#" }.trimmingCharacters(in: .whitespaces)
            if content.isEmpty { continue }
            let parts = content.split(separator: "=", maxSplits: 1).map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            guard parts.count == 2, Self.names.contains(parts[0]) else {
                throw ValidationError(
                    "\(path), line \(index + 1): expected a line such as data = /var/lib/everyspan; "
                        + "the names are \(Self.names.joined(separator: ", "))")
            }
            values[parts[0]] = parts[1]
        }
    }

    subscript(name: String) -> String? { values[name] }
}
