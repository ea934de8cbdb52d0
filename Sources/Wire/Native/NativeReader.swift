internal import JSON
package import Spans

/// Reads native spans: flat JSON objects, one, in an array, in `{"spans":[…]}`, or several in a row
/// (docs/API.md, "Native spans").
///
/// A span that is wrong is refused with its reason and the rest is kept; so is a line that is not JSON.
/// Where an array is broken, or nothing can be read at all, it throws, and the batch must be thrown away.
///
/// - Parameter random: makes the ids that were not sent.
package func readNative(
    _ bytes: UnsafeRawBufferPointer, receipt: Receipt,
    random: inout some RandomNumberGenerator, into batch: inout SpanBatch
) throws(WireError) -> ReadReport {
    var reader = NativeReader(JSONCursor(bytes), receipt: receipt)
    do {
        try reader.body(&random, into: &batch)
    } catch {
        throw WireError(error)
    }
    return reader.report
}

struct NativeReader {
    var cursor: JSONCursor
    let receipt: Receipt
    private var owners: OwnerReader
    var report = ReadReport()
    /// Reused from value to value.
    var scratch: [UInt8] = []
    var keyScratch: [UInt8] = []
    /// The dotted path of the object that is being flattened.
    var path: [UInt8] = []
    var pathLevels = 0
    /// The resources and scopes of this body by their text: spans of one process repeat theirs.
    var places: [Table: [[UInt8]: Int]] = [:]

    init(_ cursor: JSONCursor, receipt: Receipt) {
        self.cursor = cursor
        self.receipt = receipt
        owners = OwnerReader(receipt.owners)
    }

    mutating func body(
        _ random: inout some RandomNumberGenerator, into batch: inout SpanBatch
    ) throws(JSONError) {
        // Spans that name none share an empty resource and scope.
        let resource = batch.resources.beginRow()
        let scope = batch.scopes.beginRow()
        let rows = Rows(resource: resource, scope: scope)
        if try enterEnvelope() {
            return try array(rows, &random, into: &batch)
        }
        var firstError: JSONError?
        while !cursor.isAtEnd() {
            let start = cursor.offset
            let before = batch.marker
            do {
                if try cursor.kind() == .array {
                    try array(rows, &random, into: &batch)
                } else {
                    try value(rows, &random, into: &batch)
                }
            } catch {
                // The rest of an array is lost with it; a line is lost alone.
                if before.isArray(cursor, at: start) { throw error }
                batch.ledger.count(.invalidSpan)
                if batch.spans.rowCount > before.spans {
                    settle(&batch)
                } else {
                    batch.settleCounts(SpanOwner())
                }
                batch.goBack(to: before)
                firstError = firstError ?? error
                report.refuse("not JSON: \(error.message)")
                if !cursor.recoverAtNextLine(from: start) { break }
            }
        }
        if let firstError, report.accepted == 0 { throw firstError }
    }

    struct Rows {
        let resource: Int
        let scope: Int
    }

    /// Goes to the list of `{"spans":[…]}`: an object with such a list and without a name.
    private mutating func enterEnvelope() throws(JSONError) -> Bool {
        if cursor.isAtEnd() { throw cursor.error("expected a span") }
        let start = cursor.offset
        guard (try? cursor.kind()) == .object else { return false }
        var probe = cursor
        var list: Int?
        var isFirst = true
        do {
            try probe.enterObject()
            while let key = try probe.nextKey(&isFirst) {
                if key.equals("name") { return false }
                if key.equals("spans"), try probe.kind() == .array { list = probe.offset }
                try probe.skip()
            }
        } catch {
            return false
        }
        guard let list, probe.isAtEnd() else { return false }
        cursor.goBack(to: start)
        cursor.goBack(to: list)
        return true
    }

    private mutating func array(
        _ rows: Rows, _ random: inout some RandomNumberGenerator, into batch: inout SpanBatch
    ) throws(JSONError) {
        var isFirst = true
        try cursor.enterArray()
        while try cursor.nextElement(&isFirst) { try value(rows, &random, into: &batch) }
    }

    /// One span, or something that is none.
    private mutating func value(
        _ rows: Rows, _ random: inout some RandomNumberGenerator, into batch: inout SpanBatch
    ) throws(JSONError) {
        guard try cursor.kind() == .object else {
            try cursor.skip()
            report.refuse("expected an object")
            batch.ledger.count(LedgerLine(.invalidSpan))
            return
        }
        let before = batch.marker
        batch.spans.beginRow()
        var span = NativeSpan()
        path.removeAll(keepingCapacity: true)
        pathLevels = 0
        try members(of: &span, into: &batch)
        batch.spans.set(SpanField.resource, UInt64(span.resource ?? rows.resource))
        batch.spans.set(SpanField.scope, UInt64(span.scope ?? rows.scope))
        let fault = span.finish(
            receipt: receipt, &random, into: &batch, generated: &report.generatedIDs)
        if batch.hasOpenCounts { settle(&batch) }
        if let fault {
            batch.goBack(to: before)
            report.refuse(fault)
        } else {
            report.accepted += 1
        }
    }

    /// Says whose all was that was counted about the newest span.
    private mutating func settle(_ batch: inout SpanBatch) {
        batch.settleCounts(owners.owner(ofSpan: batch.spans.rowCount - 1, in: batch))
    }
}

extension SpanBatch {
    /// Where a span begins, so that it can be taken back.
    struct Marker {
        let spans: Int
        let events: Int
        let links: Int

        /// Whether what was being read from `start` on is an array.
        func isArray(_ cursor: JSONCursor, at start: Int) -> Bool {
            var probe = cursor
            probe.goBack(to: start)
            return (try? probe.kind()) == .array
        }
    }

    var marker: Marker {
        Marker(spans: spans.rowCount, events: events.rowCount, links: links.rowCount)
    }

    /// Takes back the span that was begun after a marker, if any.
    mutating func goBack(to marker: Marker) {
        guard spans.rowCount > marker.spans else { return }
        removeLastSpan(eventsBefore: marker.events, linksBefore: marker.links)
    }
}
