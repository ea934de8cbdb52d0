import Foundation
import JSON
import Spans
import TestSupport
import Testing

@testable import Wire

@Suite struct `OTLP requests` {
    @Test(arguments: 0..<40) func `come back as they were sent, in both encodings`(seed: Int) throws
    {
        var request = RandomRequest(seed: UInt64(seed))
        let bytes = request.bytes()
        let read = try readProtobuf(bytes)
        #expect(read.report.accepted == request.models.count && read.report.rejected == 0)
        #expect(read.batch.models == request.models)
        let again = try readProtobuf(exportRequest(protobuf: read.batch))
        #expect(Set(again.batch.models) == Set(request.models))
        let json = try readJSON(exportRequest(json: read.batch))
        #expect(Set(json.batch.models) == Set(request.models))
    }

    @Test func `are refused whole when cut at any byte, and never crash`() throws {
        var request = RandomRequest(seed: 77)
        let bytes = request.bytes()
        for length in 0..<bytes.count {
            // A cut between two top-level fields is a shorter request.
            if let read = try? readProtobuf(Array(bytes.prefix(length))) {
                #expect(read.report.accepted <= request.models.count)
            }
        }
        let json = exportRequest(json: try readProtobuf(bytes).batch)
        for length in 0..<json.count - 2 {
            #expect(throws: WireError.self) { try readJSON(Array(json.prefix(length))) }
        }
    }

    @Test(arguments: 0..<10) func `survive random damage`(seed: Int) {
        var request = RandomRequest(seed: UInt64(seed))
        let bytes = request.bytes()
        var random = SeededGenerator(seed: UInt64(seed))
        for _ in 0..<300 {
            var damaged = bytes
            for _ in 0..<3 where !damaged.isEmpty {
                damaged[Int.random(in: 0..<damaged.count, using: &random)] = .random(
                    in: 0...255, using: &random)
            }
            _ = try? readProtobuf(damaged)
        }
    }

    @Test(arguments: [[], Array("".utf8)]) func `may be empty`(bytes: [UInt8]) throws {
        #expect(try readProtobuf(bytes).report.accepted == 0)
        #expect(try readProtobuf([0x0A, 0]).report.accepted == 0)
        for json in [
            "{}", "{\"resourceSpans\":[]}", "{\"resourceSpans\":[{}]}", "{\"resourceSpans\":null}",
            "{\"resourceSpans\":[{\"scopeSpans\":[{}]}]}",
        ] {
            #expect(try readJSON(Array(json.utf8)).report.accepted == 0)
        }
    }

    @Test(arguments: [
        (15, "traceId has 15 bytes instead of 16"), (0, "traceId is missing"),
        (17, "traceId has 17 bytes instead of 16"),
    ]) func `lose one bad span and keep the rest`(length: Int, reason: String) throws {
        var message = ProtobufWriter()
        message.field(1) { resource in
            resource.field(2) { scope in
                for index in 0..<10 {
                    scope.field(2) { span in
                        span.field(1, bytes: [UInt8](repeating: 1, count: index == 3 ? length : 16))
                        span.field(2, bytes: [0, 0, 0, 0, 0, 0, 0, UInt8(index + 1)])
                        span.field(9) { pair in
                            pair.field(1, bytes: "n".utf8)
                            pair.field(2) { $0.field(3, varint: UInt64(index)) }
                        }
                        span.field(11) { $0.field(2, bytes: "e\(index)".utf8) }
                    }
                }
            }
        }
        let (batch, report) = try readProtobuf(message.bytes)
        #expect(report.accepted == 9 && report.rejected == 1)
        #expect(
            report.refusals == [
                .init(index: 3, reason: "resourceSpans[0].scopeSpans[0].spans[3]: \(reason)")
            ])
        #expect(
            batch.models.map { $0.events.map(\.name) }
                == [0, 1, 2, 4, 5, 6, 7, 8, 9].map { ["e\($0)"] })
        #expect(batch.models.allSatisfy { $0.attributes.count == 1 })
        #expect(batch.ledger[.invalidTraceID] == 1)
    }

    @Test func `keep text of which a part is no UTF-8`() throws {
        var message = ProtobufWriter()
        message.field(1) { resource in
            resource.field(2) { scope in
                scope.field(2) { span in
                    span.field(1, bytes: [UInt8](repeating: 1, count: 16))
                    span.field(2, bytes: [UInt8](repeating: 1, count: 8))
                    span.field(5, bytes: [0x61, 0xFF])
                    for (key, value) in [("s", [0x08]), ("l", [0x10])] as [(String, [UInt8])] {
                        span.field(9) { pair in
                            pair.field(1, bytes: key.utf8)
                            pair.field(2) { any in
                                if value == [0x08] {
                                    any.field(1, bytes: [0xC3, 0x28])
                                } else {
                                    any.field(5) {
                                        $0.field(1) { $0.field(1, bytes: [0xE2, 0x82]) }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        let batch = try readProtobuf(message.bytes).batch
        #expect(batch.models[0].name == "a\u{FFFD}")
        #expect(
            batch.models[0].attributes == [
                .init(key: "s", value: .string("\u{FFFD}(")),
                .init(key: "l", value: .array([.string("\u{FFFD}")])),
            ])
        #expect(batch.ledger[.invalidUTF8] == 3)
    }

    /// `levels` lists around a number.
    private func nested(_ levels: Int, in message: inout ProtobufWriter) {
        var value = ProtobufWriter()
        value.field(3, varint: 7)
        for _ in 0..<levels {
            var array = ProtobufWriter()
            array.field(1, bytes: value.bytes)
            value = ProtobufWriter()
            value.field(5, bytes: array.bytes)
        }
        let encoded = value.bytes
        message.field(1) { resource in
            resource.field(2) { scope in
                scope.field(2) { span in
                    span.field(1, bytes: [UInt8](repeating: 1, count: 16))
                    span.field(2, bytes: [UInt8](repeating: 1, count: 8))
                    span.field(9) { pair in
                        pair.field(1, bytes: "deep".utf8)
                        pair.field(2, bytes: encoded)
                    }
                }
            }
        }
    }

    @Test(arguments: [(1, 0), (40, 0), (64, 0), (65, 1), (100, 1)])
    func `keep 64 levels, and what is deeper as JSON`(levels: Int, cut: Int) throws {
        var message = ProtobufWriter()
        nested(levels, in: &message)
        let batch = try readProtobuf(message.bytes).batch
        var value = try #require(batch.models[0].attributes.first).value
        for _ in 0..<min(levels, 64) {
            guard case .array(let elements) = value, elements.count == 1 else {
                Issue.record("no list")
                return
            }
            value = elements[0]
        }
        let rest = levels - 64
        let text =
            String(repeating: "[", count: max(0, rest)) + "7"
            + String(repeating: "]", count: max(0, rest))
        #expect(value == (rest > 0 ? .string(text) : .int(7)))
        #expect(batch.ledger[.tooDeep] == cut)
    }

    @Test(arguments: [101, 5000]) func `are refused when values nest too deep`(levels: Int) {
        #expect {
            var message = ProtobufWriter()
            nested(levels, in: &message)
            _ = try readProtobuf(message.bytes)
        } throws: { error in
            if case .tooDeep(100, _)? = error as? WireError { true } else { false }
        }
    }

    @Test func `survive a million nested groups and lists`() {
        let groups = [UInt8](repeating: 0x0B, count: 1_000_000)
        #expect(throws: WireError.self) { try readProtobuf(groups) }
        let json = Array(String(repeating: "{\"resourceSpans\":[", count: 100_000).utf8)
        #expect(throws: WireError.self) { try readJSON(json) }
    }
}

@Suite(.enabled(if: SharedData.isThere, "EVERYSPAN_SHARED is not set"))
struct `Requests of others` {
    private struct Capture: Decodable {
        let line: String
        let headers: [[String]]
        let hex: String
    }

    private func captures(_ file: String) throws -> [Capture] {
        let text = String(decoding: try SharedData.bytes("sdk-captures/\(file)"), as: UTF8.self)
        return try text.split(separator: "\n").map {
            try JSONDecoder().decode(Capture.self, from: Data($0.utf8))
        }
    }

    @Test(arguments: ["ok.jsonl", "oi.jsonl"])
    func `of the Python SDK come back as they were sent`(file: String) throws {
        for capture in try captures(file) {
            let body = try #require(Hex.bytes(capture.hex))
            if capture.line.contains("/v1/logs") {
                let logs = try body.withUnsafeBytes { try readLogs(protobuf: $0) }
                #expect(logs.kept.count == 1 && logs.refused == 0)
                #expect(logs.kept.first?.eventName == "gen_ai.evaluation.result")
                #expect(logs.kept.first?.traceID.count == 16)
                // The message of one record is a request's content again.
                var message = ProtobufWriter()
                message.field(1, bytes: try #require(logs.kept.first?.bytes))
                let again = try message.bytes.withUnsafeBytes { try readLogs(protobuf: $0) }
                #expect(again.kept == logs.kept)
                continue
            }
            let (batch, report) = try readProtobuf(body)
            #expect(report.accepted > 0 && report.rejected == 0)
            #expect(try readProtobuf(exportRequest(protobuf: batch)).batch.models == batch.models)
            #expect(try readJSON(exportRequest(json: batch)).batch.models == batch.models)
        }
    }

    @Test func `of the protocol's examples come back as they were sent`() throws {
        let (batch, report) = try readJSON(try SharedData.bytes("otlp-examples/trace.json"))
        #expect(report.accepted == 1 && report.rejected == 0)
        let span = batch.models[0]
        #expect(Hex.text(span.traceID) == "5b8efff798038103d269b633813fc60c")
        #expect(Hex.text(spanID: span.spanID) == "eee19b7ec3c1b174")
        #expect(Hex.text(spanID: span.parent) == "eee19b7ec3c1b173")
        #expect(span.start == 1_544_712_660_000_000_000 && span.numbers[0] == 2)
        #expect(try readProtobuf(exportRequest(protobuf: batch)).batch.models == batch.models)
        let logs = try SharedData.bytes("otlp-examples/logs.json").withUnsafeBytes {
            try readLogs(json: $0)
        }
        #expect(logs.kept.count == 1)
        let metrics = try SharedData.bytes("otlp-examples/metrics.json").withUnsafeBytes {
            try countDataPoints(json: $0)
        }
        #expect(metrics == 4)
    }
}
