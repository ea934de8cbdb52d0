import Spans
import Testing

private func sources(_ tenant: [OwnerSources.Origin]) -> OwnerSources {
    OwnerSources(
        tenant: tenant.map { origin in
            OwnerSources.Source(origin) {
                if case .string(let text) = $0, !text.isEmpty { text } else { nil }
            }
        },
        service: [
            OwnerSources.Source(.attribute(.resource, "service.name")) {
                if case .string(let text) = $0 { text } else { nil }
            }
        ])
}

extension Ledger {
    fileprivate var byLine: [LedgerLine: Int] {
        Dictionary(uniqueKeysWithValues: entries.map { ($0.line, $0.amount) })
    }
}

@Suite struct `The ledger` {
    @Test func `adds up by line, and by reason whatever the line`() {
        var ledger = Ledger()
        ledger.count(.unfinished)
        ledger.count(.tooDeep, 3, key: "k")
        ledger.settle(SpanOwner(tenant: "a", service: "x"))
        ledger.count(.tooDeep, 2, key: "k")
        ledger.count(.tooDeep, key: "other")
        ledger.settle(SpanOwner(tenant: "a", service: "x"))
        ledger.count(.unfinished)
        ledger.settle(SpanOwner(tenant: "b"))
        ledger.count(.refusedRequest)
        #expect(
            ledger.byLine == [
                LedgerLine(.unfinished, tenant: "a", service: "x"): 1,
                LedgerLine(.tooDeep, tenant: "a", service: "x", key: "k"): 5,
                LedgerLine(.tooDeep, tenant: "a", service: "x", key: "other"): 1,
                LedgerLine(.unfinished, tenant: "b"): 1, LedgerLine(.refusedRequest): 1,
            ])
        #expect(ledger[.tooDeep] == 6 && ledger[.unfinished] == 2 && ledger[.refusedRequest] == 1)
        var sum = Ledger()
        sum.count(.unfinished)
        sum.add(ledger)
        sum.add(ledger)
        #expect(sum.byLine[LedgerLine(.tooDeep, tenant: "a", service: "x", key: "k")] == 10)
        #expect(sum.byLine[LedgerLine(.unfinished)] == 1)
        #expect(sum[.unfinished] == 5)
    }

    @Test func `counts nothing less than nothing, and stops at the largest number`() {
        var ledger = Ledger()
        ledger.count(.late, 0)
        ledger.count(.late, -5, key: "k")
        ledger.count(LedgerLine(.late), -5)
        #expect(ledger.isEmpty && ledger.entries.isEmpty && !ledger.hasOpen)
        ledger.count(LedgerLine(.late), .max)
        ledger.count(LedgerLine(.late), 7)
        #expect(ledger[.late] == .max && ledger.entries[0].amount == .max)
    }

    /// Neither lines nor what is open about one span grow with what is sent; totals stay exact.
    @Test func `is bounded`() {
        var ledger = Ledger()
        for index in 0..<Ledger.linesMax + 5 {
            ledger.count(LedgerLine(.late, tenant: "t\(index)"))
        }
        ledger.count(LedgerLine(.late, tenant: "t0"))
        #expect(ledger.entries.count == Ledger.linesMax)
        #expect(ledger[.late] == Ledger.linesMax + 6)
        #expect(ledger.byLine[LedgerLine(.late, tenant: "t0")] == 2)
        var twice = ledger
        twice.add(ledger)
        #expect(twice.entries.count == Ledger.linesMax && twice[.late] == 2 * ledger[.late])
        var one = Ledger()
        for index in 0..<100_000 { one.count(.duplicateKey, key: "k\(index)") }
        one.settle(SpanOwner(tenant: "a"))
        #expect(one.entries.count <= 256 && one[.duplicateKey] == 100_000)
    }

    @Test func `writes NUL as its picture`() {
        #expect(LedgerLine(.late, tenant: "a\0b", key: "\0").tenant == "a␀b")
    }

    @Test(arguments: [("a", 10), ("é", 10), ("日", 300), ("😀", 300), ("x", 256), ("x", 257)])
    func `cuts long names, never within a letter`(letter: String, count: Int) {
        let text = String(repeating: letter, count: count)
        let line = LedgerLine(.late, tenant: text, service: text, key: text)
        let short = line.tenant ?? ""
        #expect(line.service == short && line.key == short)
        #expect(short.utf8.count <= LedgerLine.textBytesMax)
        if text.utf8.count <= LedgerLine.textBytesMax {
            #expect(short == text)
        } else {
            #expect(short.hasSuffix("…") && text.hasPrefix(short.dropLast()))
            #expect(short.utf8.count > LedgerLine.textBytesMax - 8)
        }
    }
}

@Suite struct `Owners of spans` {
    /// Spans of two resources and scopes; some say it themselves.
    private func batch() -> SpanBatch {
        var batch = SpanBatch()
        for name in ["x", "y"] {
            let resource = batch.resources.beginRow()
            batch.resources.set("service.name", name)
            if name == "y" { batch.resources.set("tenant", "of y") }
            let scope = batch.scopes.beginRow()
            if name == "x" { batch.scopes.set("tenant", "of scope") }
            for index in 0..<50 {
                batch.spans.beginRow()
                batch.spans.set(SpanField.resource, UInt64(resource))
                batch.spans.set(SpanField.scope, UInt64(scope))
                switch index % 5 {
                case 0: batch.spans.set("tenant", "t\(index)")
                case 1: batch.spans.set("tenant", "")
                case 2: batch.spans.set("tenant.id", "id\(index % 3)")
                case 3:
                    batch.spans.set("tenant.id", "hidden")
                    batch.spans.set("tenant", "first")
                default: break
                }
            }
        }
        return batch
    }

    private let sources = SpansTests.sources(
        [Table.span, .scope, .resource].flatMap { table in
            [.attribute(table, "tenant"), .attribute(table, "tenant.id")]
        })

    @Test func `are found alike one by one and all at once`() {
        let batch = batch()
        let owners = BatchOwners(batch, sources)
        var reader = OwnerReader(sources)
        for row in 0..<batch.count {
            let place = row < 50 ? "of scope" : "of y"
            let tenant =
                switch row % 50 % 5 {
                case 0: "t\(row % 50)"
                case 2: "id\(row % 50 % 3)"
                case 3: "first"
                default: place
                }
            let expected = SpanOwner(tenant: tenant, service: row < 50 ? "x" : "y")
            #expect(owners[row] == expected)
            #expect(reader.owner(ofSpan: row, in: batch) == expected)
        }
        #expect(
            reader.owner(ofResource: 1, in: batch) == SpanOwner(tenant: "of y", service: "y"))
        #expect(
            reader.owner(ofResource: 1, scope: 0, in: batch)
                == SpanOwner(tenant: "of scope", service: "y"))
    }

    @Test func `are nobody where nothing says it`() {
        let batch = batch()
        #expect(BatchOwners(batch, .none)[3] == SpanOwner())
        var reader = OwnerReader(.none)
        #expect(reader.owner(ofSpan: 3, in: batch) == SpanOwner())
        #expect(reader.owner(ofSpan: 0, in: SpanBatch()) == SpanOwner())
    }

    /// Columns come as keys come.
    @Test func `are found while the batch grows`() {
        var batch = SpanBatch()
        var reader = OwnerReader(sources)
        batch.resources.beginRow()
        batch.scopes.beginRow()
        batch.spans.beginRow()
        #expect(reader.owner(ofSpan: 0, in: batch).tenant == nil)
        batch.spans.set("tenant.id", "later")
        #expect(reader.owner(ofSpan: 0, in: batch).tenant == "later")
        batch.spans.set("tenant", "first")
        #expect(reader.owner(ofSpan: 0, in: batch).tenant == "first")
    }

    @Test func `count spans`() {
        let batch = batch()
        var ledger = Ledger()
        BatchOwners(batch, sources).count(.late, [3, 8, 13, 53], in: &ledger)
        BatchOwners(batch, sources).count(.late, [], in: &ledger)
        #expect(
            ledger.byLine == [
                LedgerLine(.late, tenant: "first", service: "x"): 3,
                LedgerLine(.late, tenant: "first", service: "y"): 1,
            ])
    }

    @Test func `get what their rows repeated`() {
        var batch = SpanBatch()
        batch.spans.beginRow()
        #expect(!batch.hasOpenCounts)
        for key in ["a", "b", "a", "a"] { batch.spans.set(key, key) }
        batch.events.beginRow()
        for key in ["c", "c"] { batch.events.set(key, key) }
        #expect(batch.hasOpenCounts)
        batch.settleCounts(SpanOwner(tenant: "t"))
        #expect(!batch.hasOpenCounts)
        batch.removeLastSpan(eventsBefore: 0, linksBefore: 0)
        #expect(
            batch.ledger.byLine == [
                LedgerLine(.duplicateKey, tenant: "t", key: "a"): 2,
                LedgerLine(.duplicateKey, tenant: "t", key: "c"): 1,
            ])
    }
}

extension TableBuilder {
    fileprivate mutating func set(_ key: String, _ value: String) {
        Array(key.utf8).withUnsafeBytes { key in
            Array(value.utf8).withUnsafeBytes { set(key, .string, bytes: $0) }
        }
    }
}
