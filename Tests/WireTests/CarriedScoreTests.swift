import Spans
import Testing

@testable import Wire

private let traceID = "0102030405060708090a0b0c0d0e0f10"
private let trace: UInt128 = 0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10
private let start: Int64 = 1_790_000_000_000_000_000

/// `[{"key":"a","value":…}]` of members that are written as JSON values.
private func attributes(_ members: KeyValuePairs<String, String>) -> String {
    let pairs = members.map { key, value in "{\"key\":\"\(key)\",\"value\":\(value)}" }
    return "[\(pairs.joined(separator: ","))]"
}

private func text(_ value: String) -> String { "{\"stringValue\":\"\(value)\"}" }
private func number(_ value: Double) -> String { "{\"doubleValue\":\(value)}" }

/// Scores of spans as OTLP/JSON; the first is 1 long, and has the id 1, its parent 9.
private func carried(by spans: String...) throws -> CarriedScores {
    let list = spans.enumerated().map { index, rest in
        """
        {"traceId":"\(traceID)","spanId":"000000000000000\(index + 1)","parentSpanId":"0000000000000009","name":"s",
        "startTimeUnixNano":"\(start)","endTimeUnixNano":"\(start + 1)",\(rest)}
        """
    }
    let body =
        "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[\(list.joined(separator: ","))]}]}]}"
    return scores(in: try readJSON(Array(body.utf8)).batch)
}

private func event(_ attributes: String, time: Int64 = start + 5) -> String {
    "\"events\":[{\"name\":\"gen_ai.evaluation.result\",\"timeUnixNano\":\"\(time)\",\"attributes\":\(attributes)}]"
}

/// Scores of one log record; `rest` are further members of it.
private func logged(_ attributes: String, _ rest: String = "\"traceId\":\"\(traceID)\"") throws
    -> LogReport
{
    let record =
        "{\"timeUnixNano\":\"5\",\"eventName\":\"gen_ai.evaluation.result\",\"attributes\":\(attributes),\(rest)}"
    return try readLogs("{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[\(record)]}]}]}")
}

private func readLogs(_ json: String) throws -> LogReport {
    try Array(json.utf8).withUnsafeBytes { try Wire.readLogs(json: $0) }
}

@Suite struct `Evaluation events` {
    private let name = "gen_ai.evaluation.name"
    private let value = "gen_ai.evaluation.score.value"
    private let label = "gen_ai.evaluation.score.label"

    @Test func `are scores with all that they say`() throws {
        let all = attributes([
            name: text("relevance"), value: number(0.5), label: text("fair"),
            "gen_ai.evaluation.explanation": text("why"),
            "gen_ai.evaluation.evaluator.type": text("LLM"),
            "gen_ai.evaluation.evaluator.id": text("j1"), "error.type": text("timeout"),
            "other": text("x"),
        ])
        var score = Score(
            target: .span(traceID: trace, spanID: 1), name: "relevance", value: 0.5, label: "fair",
            time: start + 5)
        score.comment = "why"
        score.source = "llm"
        score.evaluator = "j1"
        score.errorType = "timeout"
        #expect(try carried(by: event(all)).scores == [score])
        // Without a time of its own an event has that of its span's end.
        score.time = start + 1
        #expect(try carried(by: event(all, time: 0)).scores == [score])

        score.target = .span(traceID: trace, spanID: 0)
        score.time = 5
        #expect(try logged(all).carried.scores == [score])
    }

    /// What a value may be, and what becomes of it.
    @Test(
        arguments: [
            ("{\"intValue\":\"3\"}", 3, nil), ("{\"doubleValue\":-1.5}", -1.5, nil),
            ("{\"boolValue\":true}", 1, nil), ("{\"boolValue\":false}", 0, nil),
            ("{\"stringValue\":\"0.25\"}", 0.25, nil), ("{\"stringValue\":\"good\"}", nil, "good"),
            ("{\"stringValue\":\"nan\"}", nil, "nan"), ("{\"stringValue\":\"inf\"}", nil, "inf"),
        ] as [(String, Double?, String?)])
    func `have numbers, and text that is none as a label`(
        json: String, number: Double?, label: String?
    ) throws {
        let found = try carried(by: event(attributes([name: text("n"), value: json])))
        #expect(found.scores.map(\.value) == [number] && found.scores.map(\.label) == [label])
        #expect(found.incomplete == 0)
    }

    @Test func `say enough with an error or a label alone`() throws {
        let failed = attributes([name: text("n"), "error.type": text("rate_limit")])
        let labelled = attributes([name: text("n"), label: text("bad")])
        #expect(try carried(by: event(failed)).scores.map(\.errorType) == ["rate_limit"])
        #expect(try carried(by: event(labelled)).scores.map(\.label) == ["bad"])
    }

    /// Every one of these is kept as the event that it is, and counted.
    private var incomplete: [String] {
        [
            "[]", attributes([name: text("n")]), attributes([value: number(1)]),
            attributes([name: text(""), value: number(1)]),
            attributes([name: text(String(repeating: "x", count: 201)), value: number(1)]),
            attributes([name: "{}", value: number(1)]),
            attributes([name: "null", value: number(1)]),
            attributes([name: "{\"arrayValue\":{\"values\":[]}}", value: number(1)]),
            attributes([name: text("n"), value: text("")]),
            attributes([name: text("n"), value: "{}"]),
            attributes([name: text("n"), value: "{\"doubleValue\":\"NaN\"}"]),
            attributes([name: text("n"), value: "{\"doubleValue\":\"Infinity\"}"]),
            attributes([
                name: text("n"), value: "{\"arrayValue\":{\"values\":[{\"intValue\":\"1\"}]}}",
            ]),
            attributes([name: text("n"), label: "{\"kvlistValue\":{}}"]),
            attributes([name: text("n"), "gen_ai.evaluation.explanation": text("only why")]),
        ]
    }

    @Test func `that are incomplete are counted, on spans and as log records`() throws {
        for attributes in incomplete {
            let found = try carried(by: event(attributes))
            #expect(found.scores == [] && found.incomplete == 1, "\(attributes)")
            let report = try logged(attributes)
            #expect(report.kept.count == 1 && report.refused == 0, "\(attributes)")
            #expect(report.carried == found, "\(attributes)")
        }
        let long = attributes([name: text(String(repeating: "x", count: 200)), value: number(1)])
        #expect(try carried(by: event(long)).incomplete == 0)
        let all = try carried(by: event(incomplete[0]), event(long), event(incomplete[2]))
        #expect(all.scores.count == 1 && all.incomplete == 2)
    }

    @Test(
        arguments: [
            (
                "\"traceId\":\"\(traceID)\",\"spanId\":\"0000000000000007\"",
                .span(traceID: trace, spanID: 7)
            ),
            ("\"traceId\":\"\(traceID)\"", .span(traceID: trace, spanID: 0)),
            ("\"traceId\":\"\(traceID)\",\"spanId\":\"07\"", .span(traceID: trace, spanID: 0)),
            ("\"spanId\":\"0000000000000007\"", nil),
            ("\"traceId\":\"00000000000000000000000000000000\"", nil),
            ("\"traceId\":\"0102\"", nil), ("\"traceId\":\"zz\"", nil),
            ("\"severityNumber\":9", nil),
        ] as [(String, Score.Target?)])
    func `of logs have the target that the record names`(member: String, target: Score.Target?)
        throws
    {
        let report = try logged(attributes([name: text("n"), value: number(1)]), member)
        #expect(report.kept.count == 1)
        #expect(report.carried.scores.map(\.target) == (target.map { [$0] } ?? []))
        #expect(report.carried.incomplete == (target == nil ? 1 : 0))
        // Where it names no span, the response that it names is the target.
        let named = attributes([
            name: text("n"), value: number(1), "gen_ai.response.id": text("r1"),
        ])
        let withResponse = try logged(named, member).carried.scores.map(\.target)
        if case .span(_, 7)? = target {
            #expect(withResponse == [target])
        } else {
            #expect(withResponse == [.response("r1")])
        }
    }

    @Test(arguments: ["gen_ai.evaluation", "gen_ai.evaluation.results", "evaluation", ""])
    func `have this name and no other`(other: String) throws {
        let members = attributes([name: text("n"), value: number(1)])
        let found = try carried(
            by: "\"events\":[{\"name\":\"\(other)\",\"attributes\":\(members)}]")
        #expect(found == CarriedScores())
    }
}

@Suite struct `Log records that do not decode` {
    private let good = """
        {"traceId":"\(traceID)","eventName":"gen_ai.evaluation.result","attributes":\
        [{"key":"gen_ai.evaluation.name","value":{"stringValue":"n"}},\
        {"key":"gen_ai.evaluation.score.value","value":{"intValue":"1"}}]}
        """

    @Test(arguments: [
        #""attributes":{"a":1}"#, #""attributes":[1]"#, #""attributes":["a"]"#,
        #""attributes":"a""#,
        #""attributes":[{"key":"a","value":5}]"#,
        #""attributes":[{"key":"a","value":{"arrayValue":7}}]"#,
        #""traceId":5"#, #""spanId":[]"#, #""timeUnixNano":{}"#, #""eventName":1"#,
    ]) func `are lost alone where they are JSON`(member: String) throws {
        let bad = "{\"eventName\":\"gen_ai.evaluation.result\",\(member)}"
        for records in [[good, bad, good], [bad], [bad, bad, good], [good, bad]] {
            let body =
                "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[\(records.joined(separator: ","))]}]}]}"
            let report = try readLogs(body)
            let goodCount = records.count { $0 == good }
            #expect(report.kept.count == goodCount && report.carried.scores.count == goodCount)
            #expect(report.invalid == records.count - goodCount && report.unwanted == 0)
            #expect(report.reason?.isEmpty == false)
        }
    }

    @Test(arguments: ["{\"a\":}", "{\"attributes\":[{]}", "{\"attributes\":[", "nothing"])
    func `cost the request where they are not even that`(record: String) {
        let body = "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[\(good),\(record)]}]}]}"
        #expect(throws: WireError.self) { try readLogs(body) }
    }

    private func message(_ records: [[UInt8]]) -> [UInt8] {
        var message = ProtobufWriter()
        message.field(1) { resource in
            resource.field(2) { scope in
                for record in records {
                    scope.field(2, bytes: record)
                }
            }
        }
        return message.bytes
    }

    private func record(_ attributes: [[UInt8]]) -> [UInt8] {
        var record = ProtobufWriter()
        for attribute in attributes { record.field(6, bytes: attribute) }
        record.field(9, bytes: [UInt8](repeating: 7, count: 16))
        record.field(12, bytes: "gen_ai.evaluation.result".utf8)
        return record.bytes
    }

    private func pair(_ key: String, _ value: String) -> [UInt8] {
        var pair = ProtobufWriter()
        pair.field(1, bytes: key.utf8)
        pair.field(2) { inner in inner.field(1, bytes: value.utf8) }
        return pair.bytes
    }

    @Test func `are lost alone in protobuf, wherever an attribute is cut`() throws {
        let name = pair("gen_ai.evaluation.name", "n")
        let value = pair("gen_ai.evaluation.score.label", "up")
        let good = record([name, value])
        var lost = 0
        for length in 1..<value.count {
            let cut = record([name, Array(value.prefix(length))])
            let body = message([good, cut, good])
            let report = try body.withUnsafeBytes { try Wire.readLogs(protobuf: $0) }
            // A cut behind the key leaves an attribute without a value, which says nothing of itself.
            #expect(report.kept.count + report.invalid == 3 && report.carried.scores.count == 2)
            #expect(report.carried.incomplete + report.invalid == 1)
            lost += report.invalid
        }
        #expect(lost == value.count - 2)
    }

    @Test func `cost the request where the request itself is cut`() {
        let body = message([record([pair("gen_ai.evaluation.name", "n")])])
        for length in 1..<body.count {
            #expect(throws: WireError.self) {
                try Array(body.prefix(length)).withUnsafeBytes { try Wire.readLogs(protobuf: $0) }
            }
        }
    }
}

@Suite struct `Annotations and feedback` {
    @Test func `of OpenInference are scores of their span or trace`() throws {
        let found = try carried(
            by: "\"attributes\":"
                + attributes([
                    "annotations.0.annotation.name": text("a"),
                    "annotations.0.annotation.score": number(1),
                    "annotations.0.annotation.label": text("l"),
                    "annotations.0.annotation.explanation": text("e"),
                    "annotations.0.annotation.annotator_kind": text("HUMAN"),
                    "annotations.0.annotation.identifier": text("i"),
                    "annotations.10.annotation.name": text("b"),
                    "annotations.10.annotation.label": text("m"),
                    "trace.evaluations.0.evaluation.name": text("c"),
                    "trace.evaluations.0.evaluation.score": number(0),
                ]))
        #expect(found.incomplete == 0 && found.scores.map(\.name) == ["a", "b", "c"])
        var first = Score(
            target: .span(traceID: trace, spanID: 1), name: "a", value: 1, label: "l",
            time: start + 1)
        first.comment = "e"
        first.source = "human"
        first.evaluator = "i"
        #expect(found.scores.first == first)
        #expect(found.scores.last?.target == .span(traceID: trace, spanID: 0))
    }

    @Test(
        arguments: [
            ["annotations.0.annotation.name": text("a")],
            ["annotations.0.annotation.score": number(1)],
            ["annotations.0.annotation.explanation": text("only why")],
            ["trace.evaluations.7.evaluation.label": text("l")],
            [
                "annotations.0.annotation.name": text("a"),
                "annotations.1.annotation.score": number(1),
            ],
        ] as [KeyValuePairs<String, String>])
    func `that are incomplete are counted, each once`(members: KeyValuePairs<String, String>) throws
    {
        let found = try carried(by: "\"attributes\":" + attributes(members))
        #expect(
            found.scores == [] && found.incomplete == Set(members.map { $0.key.prefix(14) }).count)
    }

    /// They stay attributes as they are: a session is nothing that has scores here.
    @Test(arguments: [
        "annotations.name", "annotations.x.annotation.name", "annotations.-1.annotation.name",
        "annotations.0.evaluation.name", "annotations..0.annotation.name",
        "annotation.0.annotation.name",
        "session.annotations.0.annotation.name", "xannotations.0.annotation.name",
        "annotations.0.annotation",
    ]) func `have these keys and no others`(key: String) throws {
        #expect(
            try carried(by: "\"attributes\":" + attributes([key: text("a")])) == CarriedScores())
    }

    @Test(arguments: [
        (0, Score.Target.span(traceID: trace, spanID: 1)), (1, .span(traceID: 0xFF, spanID: 0xAA)),
        (2, .span(traceID: trace, spanID: 1)),
    ]) func `are of what a single link leads to`(links: Int, target: Score.Target) throws {
        let link =
            "{\"traceId\":\"000000000000000000000000000000ff\",\"spanId\":\"00000000000000aa\"}"
        let found = try carried(
            by:
                "\"links\":[\(Array(repeating: link, count: links).joined(separator: ","))],\"attributes\":"
                + attributes([
                    "annotations.0.annotation.name": text("a"),
                    "annotations.0.annotation.score": number(1),
                ]))
        #expect(found.scores.map(\.target) == [target])
    }

    @Test func `of Logfire are scores of the parent`() throws {
        let found = try carried(
            by: "\"attributes\":"
                + attributes([
                    "logfire.feedback.name": text("thumbs"), "thumbs": text("up"),
                    "logfire.feedback.comment": text("nice"),
                ]))
        var score = Score(
            target: .span(traceID: trace, spanID: 9), name: "thumbs", value: nil, label: "up",
            time: start + 1)
        score.comment = "nice"
        score.source = "user"
        #expect(found.scores == [score] && found.incomplete == 0)
        for members in [
            ["logfire.feedback.name": text("thumbs")], ["logfire.feedback.name": text("")],
            ["logfire.feedback.name": text("a"), "b": text("up")],
        ] as [KeyValuePairs<String, String>] {
            #expect(try carried(by: "\"attributes\":" + attributes(members)).incomplete == 1)
        }
    }
}
