internal import Foundation
internal import HTTP
internal import HTTPTypes
internal import Queries
internal import Spans
internal import Store

/// `GET /`: one screen of help for a terminal. One live line, then one line for each need, with a command
/// that works as it stands.
enum HelpRoute {
    /// What somebody may need, and the command for it.
    fileprivate struct Need {
        let name: String
        /// The route that the command asks; a need whose route does not exist is not shown.
        let method: String
        let path: String
        /// Behind `curl -s` or the like: `{url}` is this server, `{trace}` a trace that it holds.
        let command: String
    }

    /// A need is one line here.
    private static let needs = [
        Need("why", "GET", "/v1/compare", "curl -s '{url}/v1/compare?format=text'"),
        Need(
            "rose", "GET", "/v1/compare",
            "curl -s '{url}/v1/compare?since=1h&vs=previous&format=text'"),
        Need("found", "GET", "/v1/findings", "curl -s '{url}/v1/findings?format=text'"),
        Need("who", "GET", "/v1/slices", "curl -s '{url}/v1/slices?by=tenant&format=text'"),
        Need(
            "when", "GET", "/v1/series",
            "curl -s '{url}/v1/series?since=24h&step=1h&format=text'"),
        Need(
            "slow", "GET", "/v1/slices",
            "curl -s '{url}/v1/slices?by=model.revision&order=p95_ms&format=text'"),
        Need(
            "cost", "GET", "/v1/slices",
            "curl -s '{url}/v1/slices?by=model&order=cost&format=text'"),
        Need("by", "GET", "/v1/dimensions", "curl -s '{url}/v1/dimensions?format=text'"),
        Need("show", "GET", "/v1/traces", "curl -s '{url}/v1/traces?where=failed&format=text'"),
        Need("open", "GET", "/v1/traces/*", "curl -s '{url}/v1/traces/{trace}?format=text'"),
        Need("live", "GET", "/v1/tail", "curl -sN '{url}/v1/tail?where=failed'"),
        Need(
            "send", "POST", "/v1/spans",
            "curl -d '{\"name\":\"chat\",\"tenant\":\"acme\",\"status\":\"error\"}' '{url}/v1/spans'"
        ),
        Need(
            "score", "POST", "/v1/scores",
            "curl -d '{\"trace_id\":\"{trace}\",\"name\":\"thumbs\",\"value\":0}' '{url}/v1/scores'"
        ),
        Need(
            "otel", "POST", "/v1/traces",
            "export OTEL_EXPORTER_OTLP_ENDPOINT={url} OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"),
        Need(
            "where", "GET", "/v1/slices",
            "curl -sG '{url}/v1/slices' --data-urlencode "
                + "'where=failed and tenant in (acme, \"Big Co\") and duration > 2s' -d format=text"
        ),
        Need("more", "GET", "/openapi.json", "curl -s '{url}/openapi.json'"),
    ]

    static func help(_ request: Request, _ service: Service) async throws -> Response {
        let now = Int64(clamping: request.receivedAt)
        let hour = TimeRange(from: now - 3_600_000_000_000, to: nil)
        let lastHour = try await service.store.slices(
            SliceQuery(range: hour, figures: NamedFigure.counts, limit: 1))
        let trace = try await newestTrace(lastHour.coverage.newest, service)
        let url = url(of: request)
        var text = live(lastHour, now, service) + "\n\n"
        for need in needs where service.routes.has(need.method, need.path) {
            var command = need.command.replacing("{url}", with: url)
            if command.contains("{trace}") {
                // Without a trace there is nothing to open yet.
                guard let trace else { continue }
                command = command.replacing("{trace}", with: trace)
            }
            text += need.name.padding(toLength: 7, withPad: " ", startingAt: 0) + command + "\n"
        }
        return .text(text)
    }

    private static func newestTrace(_ newest: Int64?, _ service: Service) async throws -> String? {
        guard let newest else { return nil }
        let range = TimeRange(from: newest, to: nil)
        let rows = try await service.store.list(ListQuery(.span, range: range, limit: 1)).rows
        return rows.shown.first.map { Hex.text(rows.batch.spans.bytes(SpanField.traceID, $0)) }
    }

    private static func live(
        _ answer: SliceAnswer, _ now: Int64, _ service: Service
    ) -> String {
        var parts = ["everyspan \(service.settings.version)"]
        let total = answer.total.now
        let share = total.failureRate.map { ", \(String(format: "%.1f", $0 * 100)) % failing" }
        parts.append("\(total.count) traces in the last hour\(share ?? "")")
        if let newest = answer.coverage.newest, let oldest = answer.coverage.oldest {
            parts.append("newest span \(age(now - newest)) ago")
            parts.append("data since \(Timestamp.text(oldest).prefix(16))Z")
        } else {
            parts.append("no data yet")
        }
        return parts.joined(separator: " · ")
    }

    private static func age(_ nanoseconds: Int64) -> String {
        let seconds = max(0, nanoseconds) / 1_000_000_000
        return switch seconds {
        case ..<120: "\(seconds) s"
        case ..<7200: "\(seconds / 60) min"
        case ..<172_800: "\(seconds / 3600) h"
        default: "\(seconds / 86_400) days"
        }
    }

    /// This server as the client reached it. The name is put into commands, so it must be nothing but one.
    private static func url(of request: Request) -> String {
        let host = request.head.fields.value("host") ?? ""
        let isName = host.utf8.allSatisfy { byte in
            switch byte {
            case 48...58, 65...90, 97...122: true
            case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "["), UInt8(ascii: "]"): true
            default: false
            }
        }
        let isSecure = request.head.fields.value("x-forwarded-proto") == "https"
        let name = isName && !host.isEmpty ? host : "127.0.0.1:4318"
        return (isSecure ? "https://" : "http://") + name
    }
}

extension HelpRoute.Need {
    fileprivate init(_ name: String, _ method: String, _ path: String, _ command: String) {
        self.init(name: name, method: method, path: path, command: command)
    }
}
