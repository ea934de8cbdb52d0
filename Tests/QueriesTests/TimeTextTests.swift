import Store
import Testing

@testable import Queries

@Suite struct `Times in queries` {
    /// 2026-11-18T11:06:40Z.
    private let now: Int64 = 1_795_000_000_000_000_000

    @Test(
        arguments: [
            ("2026-11-18T11:06:40Z", 1_795_000_000_000_000_000),
            ("2026-11-18", 1_794_960_000_000_000_000),
            ("2026-11-18T12:06:40.5+01:00", 1_795_000_000_500_000_000),
            ("02:40", 1_794_969_600_000_000_000), ("11:06", 1_794_999_960_000_000_000),
            ("11:07", 1_794_913_620_000_000_000), ("-2h", 1_794_992_800_000_000_000),
            ("now-90m", 1_794_994_600_000_000_000), ("now", 1_795_000_000_000_000_000), ("0", 0),
            ("1795000000", 1_795_000_000_000_000_000), ("1795000000.5", 1_795_000_000_500_000_000),
            ("1795000000123", 1_795_000_000_123_000_000),
            ("1795000000123456", 1_795_000_000_123_456_000),
            ("1795000000123456789", 1_795_000_000_123_456_789),
        ] as [(String, Int64)])
    func `are read in every form that is documented`(text: String, expected: Int64) {
        #expect(TimeText(now: now).nanoseconds(text)?.time == expected)
    }

    @Test(arguments: [
        "", "yesterday", "25:00", "2026-13-01", "-2", "now+1h", "1e400", "-5", "2026-02-30",
    ])
    func `are refused if they are none`(text: String) {
        #expect(TimeText(now: now).nanoseconds(text) == nil)
    }

    @Test(
        arguments: [
            ("2026-11-18", "Europe/Berlin", 1_794_956_400_000_000_000),
            ("2026-07-01", "Europe/Berlin", 1_782_856_800_000_000_000),
            ("2026-11-18T12:06:40", "Europe/Berlin", 1_795_000_000_000_000_000),
            ("2026-11-18T12:06:40Z", "Europe/Berlin", 1_795_003_600_000_000_000),
            ("12:06", "Europe/Berlin", 1_794_999_960_000_000_000),
            ("12:07", "Europe/Berlin", 1_794_913_620_000_000_000),
            ("06:06", "America/New_York", 1_794_999_960_000_000_000),
            ("00:30", "Asia/Kolkata", 1_794_942_000_000_000_000),
            ("1795000000", "Asia/Kolkata", 1_795_000_000_000_000_000),
        ] as [(String, String, Int64)])
    func `are those of the zone unless they have an offset`(
        text: String, zone: String, expected: Int64
    ) {
        #expect(TimeText(now: now, zone: zone)?.nanoseconds(text)?.time == expected)
    }

    @Test func `know no zone that is none`() {
        #expect(TimeText(now: now, zone: "Europe/Atlantis") == nil)
    }

    @Test(
        arguments: [
            ("since=1h&vs=previous", 1_794_992_800_000_000_000, 1_794_996_400_000_000_000),
            ("since=1h&vs=24h", 1_794_910_000_000_000_000, 1_794_913_600_000_000_000),
            (
                "since=1h&vs=1794000000..1794003600", 1_794_000_000_000_000_000,
                1_794_003_600_000_000_000
            ),
        ] as [(String, Int64, Int64)])
    func `stand beside another window`(query: String, from: Int64, to: Int64) throws {
        var parameters = Parameters()
        try parameters.add(urlEncoded: query)
        let shared = QueryParameters(parameters, now: UInt64(now))
        #expect(try shared.before(shared.range()) == TimeRange(from: from, to: to))
    }

    @Test(arguments: ["since=1h&vs=x", "from=0&vs=previous", "vs=2..1", "vs=5", "vs=1..x"])
    func `stand beside no window that is none`(query: String) throws {
        var parameters = Parameters()
        try parameters.add(urlEncoded: query)
        let shared = QueryParameters(parameters, now: UInt64(now))
        #expect(throws: QueryFailure.self) { try shared.before(shared.range()) }
    }

    @Test func `snap outward where they move with the clock`() throws {
        var parameters = Parameters()
        try parameters.add(urlEncoded: "since=1m")
        let range = try QueryParameters(parameters, now: 1_795_000_003_000_000_001).range()
        #expect(range.from == 1_794_999_940_000_000_000)
        #expect(range.to == 1_795_000_010_000_000_000)
    }

    @Test(arguments: ["since=1h&from=0", "from=2026-11-19&to=2026-11-18", "since=5", "from=x"])
    func `are refused where they make no range`(query: String) throws {
        var parameters = Parameters()
        try parameters.add(urlEncoded: query)
        #expect(throws: QueryFailure.self) {
            try QueryParameters(parameters, now: UInt64(now)).range()
        }
    }
}

@Suite struct `Query parameters` {
    @Test func `keep what a browser and a person send`() throws {
        var url = Parameters()
        try url.add(urlEncoded: "where=tenant+%3D+%22Big%20Co%22&by=a%2Cb&empty=")
        #expect(url["where"] == "tenant = \"Big Co\"" && url["by"] == "a,b" && url["empty"] == "")
        var form = Parameters()
        try form.add(urlEncoded: "where=release = 1.2+abc&limit=5", isForm: true)
        #expect(form["where"] == "release = 1.2+abc")
        var json = Parameters()
        try json.add(json: Array(#"{"by":["a","b"],"limit":5,"where":"x = 1"}"#.utf8))
        #expect(json["by"] == "a,b" && json["limit"] == "5")
    }

    @Test(arguments: ["a=%", "a=%4", "a=%zz", "a=%ff", "a=1&a=2", "b=1", "lmit=5"])
    func `are refused when they are malformed, repeated or unknown`(query: String) {
        #expect(throws: QueryFailure.self) {
            var parameters = Parameters()
            try parameters.add(urlEncoded: query)
            try parameters.allow(only: ["a", "limit"].map { Parameter($0, "") })
        }
    }

    @Test func `are told what they may have meant`() throws {
        var parameters = Parameters()
        try parameters.add(urlEncoded: "lmit=5")
        let failure = #expect(throws: QueryFailure.self) {
            try parameters.allow(only: ["by", "limit"].map { Parameter($0, "") })
        }
        #expect(failure?.message.contains("did you mean limit?") == true)
    }
}
