import Spans
import Testing

@testable import Wire

@Suite struct `OTLP in JSON` {
    private func span(_ members: String) throws -> SpanModel {
        let text = """
            {"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"0102030405060708090a0b0c0d0e0f10",
            "spanId":"0102030405060708",\(members)}]}]}]}
            """
        let read = try readJSON(Array(text.utf8))
        #expect(read.report.rejected == 0)
        return try #require(read.batch.models.first)
    }

    private func value(_ json: String) throws -> AttributeValue? {
        try span("\"attributes\":[{\"key\":\"k\",\"value\":\(json)}]").attributes.first?.value
    }

    @Test(
        arguments: [
            (#"{"stringValue":"é\n"}"#, .string("é\n")), (#"{"string_value":"x"}"#, .string("x")),
            (#"{"intValue":"-9223372036854775808"}"#, .int(.min)), (#"{"intValue":5}"#, .int(5)),
            (#"{"intValue":1e3}"#, .int(1000)), (#"{"intValue":1e+21}"#, .double(1e21)),
            (#"{"doubleValue":"NaN"}"#, .string("never")),
            (#"{"doubleValue":"-Infinity"}"#, .double(-.infinity)),
            (#"{"doubleValue":1}"#, .double(1)), (#"{"boolValue":false}"#, .bool(false)),
            (#"{"bytesValue":"AP8="}"#, .bytes([0, 255])),
            (#"{"bytesValue":"_-8"}"#, .bytes([255, 239])),
            (#"{}"#, .empty), ("null", .empty), (#"{"unknownValue":{"a":[1]}}"#, .empty),
            (#"{"arrayValue":{}}"#, .array([])), (#"{"kvlistValue":{}}"#, .map([])),
            (
                #"{"arrayValue":{"values":[{"intValue":1},{"stringValue":"a"},{}]}}"#,
                .array([.int(1), .string("a"), .empty])
            ),
            (
                #"{"kvlistValue":{"values":[{"value":{"intValue":1},"key":"a"}]}}"#,
                .map([.init(key: "a", value: .int(1))])
            ),
            (#"{"intValue":1,"stringValue":"later"}"#, .int(1)),
            (#"{"intValue":null,"stringValue":"x"}"#, .string("x")),
        ] as [(String, AttributeValue)])
    func `reads every shape of a value`(json: String, expected: AttributeValue) throws {
        let found = try value(json)
        if case .double(let number)? = found, number.isNaN { return #expect(json.contains("NaN")) }
        #expect(found == expected)
    }

    @Test(arguments: [
        (#""traceId":"AQIDBAUGBwgJCgsMDQ4PEA==""#, "base64 id"),
        (#""trace_id":"0102030405060708090A0B0C0D0E0F10""#, "snake case and upper case"),
    ]) func `reads ids as hexadecimal digits or base64`(member: String, comment: Comment) throws {
        let text =
            "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\(member),\"spanId\":\"AQIDBAUGBwg=\"}]}]}]}"
        let model = try #require(try readJSON(Array(text.utf8)).batch.models.first)
        #expect(model.traceID == Array(1...16), comment)
        #expect(model.spanID == 0x0102_0304_0506_0708)
    }

    @Test func `takes keys in any order, the last of equal ones, names for numbers, and nulls`()
        throws
    {
        let text = """
            {"unknown":[{"a":1}],"resourceSpans":[{"scopeSpans":[{"spans":[
            {"kind":"SPAN_KIND_CLIENT","status":{"code":"STATUS_CODE_ERROR","message":"m"},"name":"a","name":"b",
             "startTimeUnixNano":1.5e18,"end_time_unix_nano":"1500000000000000007","events":null,"links":[],
             "parentSpanId":"","traceState":null,"droppedAttributesCount":0,"flags":257,
             "spanId":"0102030405060708","traceId":"0102030405060708090a0b0c0d0e0f10"}],
             "scope":{"name":"s","attributes":[]}}],
             "resource":{"attributes":[{"value":{"stringValue":"svc"},"key":"service.name"}]}}]}
            """
        let model = try #require(try readJSON(Array(text.utf8)).batch.models.first)
        #expect(model.numbers[0] == 3 && model.numbers[1] == 2 && model.numbers[2] == 257)
        #expect(model.name == "b" && model.texts[0] == "m" && model.parent == 0)
        #expect(model.start == 1_500_000_000_000_000_000 && model.end == 1_500_000_000_000_000_007)
        #expect(model.scope[0] == "s")
        #expect(model.resource == [.init(key: "service.name", value: .string("svc"))])
    }

    @Test(arguments: [
        (#""attributes":{"k":"v"}"#, "attributes is a list of"),
        (#""traceId":"xyz""#, "traceId has 3 digits"),
        (#""spanId":"0000000000000000""#, "spanId is all zeros"),
    ]) func `refuses one bad span with its place`(member: String, reason: String) throws {
        let good = #""traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708""#
        let text =
            "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\(good)},{\(good),\(member)},{\(good)}]}]}]}"
        let (batch, report) = try readJSON(Array(text.utf8))
        #expect(batch.count == 2 && report.accepted == 2 && report.rejected == 1)
        #expect(
            report.refusals.first?.reason.hasPrefix(
                "resourceSpans[0].scopeSpans[0].spans[1]: \(reason)") == true)
    }

    @Test func `reads a parent of its own or of a wrong length as none`() throws {
        for parent in ["0102030405060708", "01", "0000000000000000"] {
            #expect(try span("\"parentSpanId\":\"\(parent)\"").parent == 0)
        }
    }
}
