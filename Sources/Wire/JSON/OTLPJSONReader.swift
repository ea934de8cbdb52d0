internal import JSON
package import Spans

/// Reads an `ExportTraceServiceRequest` as OTLP/JSON straight into the columns of a batch
/// (opentelemetry.io/docs/specs/otlp, "JSON Protobuf Encoding": ids are hexadecimal, 64-bit integers may
/// be in quotes, unknown keys are ignored). Keys may come in any order.
///
/// One bad span is refused and the rest is kept; a body that is not JSON throws, and then the batch must
/// be thrown away.
package func readTraces(
    json bytes: UnsafeRawBufferPointer, receipt: Receipt, into batch: inout SpanBatch
) throws(WireError) -> ReadReport {
    var reader = OTLPJSONReader(JSONCursor(bytes), receipt: receipt)
    do {
        try reader.request(into: &batch)
    } catch {
        throw WireError(error)
    }
    return reader.report
}

struct OTLPJSONReader {
    var cursor: JSONCursor
    let receipt: Receipt
    private var owners: OwnerReader
    var report = ReadReport()
    var place = (resource: 0, scope: 0, span: 0)
    var scratch: [UInt8] = []

    init(_ cursor: JSONCursor, receipt: Receipt) {
        self.cursor = cursor
        self.receipt = receipt
        owners = OwnerReader(receipt.owners)
    }

    mutating func request(into batch: inout SpanBatch) throws(JSONError) {
        var isFirst = true
        try cursor.enterObject()
        while let key = try cursor.nextKey(&isFirst) {
            if key.isNamed("resourceSpans", "resource_spans") {
                try elements { reader throws(JSONError) in
                    try reader.resourceSpans(into: &batch)
                    reader.place.resource += 1
                }
            } else {
                try cursor.skip()
            }
        }
        if !cursor.isAtEnd() { throw cursor.error("expected nothing after the request") }
    }

    /// Each element of a list; null is an empty list.
    private mutating func elements(
        _ body: (inout OTLPJSONReader) throws(JSONError) -> Void
    ) throws(JSONError) {
        guard try cursor.kind() == .array else {
            return try OTLPAnyValue.skipNull(&cursor, "a list")
        }
        var isFirst = true
        try cursor.enterArray()
        while try cursor.nextElement(&isFirst) { try body(&self) }
    }

    /// Notes where the members of the object at the cursor begin, and passes over it: what stands last
    /// may be needed first. Of equal keys the last wins.
    private mutating func members(
        _ names: [(StaticString, StaticString)]
    ) throws(JSONError) -> [Int?] {
        var offsets = [Int?](repeating: nil, count: names.count)
        var isFirst = true
        try cursor.enterObject()
        while let key = try cursor.nextKey(&isFirst) {
            if let index = names.firstIndex(where: { key.isNamed($0.0, $0.1) }) {
                offsets[index] = try cursor.kind() == .null ? nil : cursor.offset
            }
            try cursor.skip()
        }
        return offsets
    }

    private mutating func at(
        _ offset: Int?, _ body: (inout OTLPJSONReader) throws(JSONError) -> Void
    ) throws(JSONError) {
        guard let offset else { return }
        let end = cursor.offset
        cursor.goBack(to: offset)
        try body(&self)
        cursor.goBack(to: end)
    }

    // MARK: Envelopes

    private mutating func resourceSpans(into batch: inout SpanBatch) throws(JSONError) {
        place.scope = 0
        let found = try members([
            ("resource", "resource"), ("schemaUrl", "schema_url"), ("scopeSpans", "scope_spans"),
            // The names before OTLP 0.15.
            ("instrumentationLibrarySpans", "instrumentation_library_spans"),
        ])
        let row = batch.resources.beginRow()
        try at(found[0]) { reader throws(JSONError) in try reader.resource(into: &batch) }
        try at(found[1]) { reader throws(JSONError) in
            try reader.setText(ResourceField.schemaURL, &batch.resources, &batch.ledger)
        }
        if batch.hasOpenCounts {
            batch.settleCounts(owners.owner(ofResource: row, in: batch))
        }
        for offset in found[2...3] {
            try at(offset) { reader throws(JSONError) in
                try reader.elements { reader throws(JSONError) in
                    try reader.scopeSpans(resource: row, into: &batch)
                    reader.place.scope += 1
                }
            }
        }
    }

    private mutating func resource(into batch: inout SpanBatch) throws(JSONError) {
        var isFirst = true
        try cursor.enterObject()
        while let key = try cursor.nextKey(&isFirst) {
            if key.equals("attributes") {
                try attributes(&batch.resources, &batch.ledger)
            } else if key.isNamed("droppedAttributesCount", "dropped_attributes_count") {
                let dropped = try count()
                set(ResourceField.droppedAttributes, dropped, &batch.resources)
                batch.ledger.count(.droppedAttributesUpstream, Int(dropped))
            } else {
                try cursor.skip()
            }
        }
    }

    private mutating func scopeSpans(
        resource: Int, into batch: inout SpanBatch
    ) throws(JSONError) {
        place.span = 0
        let found = try members([
            ("scope", "instrumentationLibrary"), ("schemaUrl", "schema_url"), ("spans", "spans"),
        ])
        let row = batch.scopes.beginRow()
        try at(found[0]) { reader throws(JSONError) in try reader.scope(into: &batch) }
        try at(found[1]) { reader throws(JSONError) in
            try reader.setText(ScopeField.schemaURL, &batch.scopes, &batch.ledger)
        }
        if batch.hasOpenCounts {
            batch.settleCounts(owners.owner(ofResource: resource, scope: row, in: batch))
        }
        try at(found[2]) { reader throws(JSONError) in
            try reader.elements { reader throws(JSONError) in
                try reader.span(resource: resource, scope: row, into: &batch)
                reader.place.span += 1
            }
        }
    }

    private mutating func scope(into batch: inout SpanBatch) throws(JSONError) {
        var isFirst = true
        try cursor.enterObject()
        while let key = try cursor.nextKey(&isFirst) {
            if key.equals("name") {
                try setText(ScopeField.name, &batch.scopes, &batch.ledger)
            } else if key.equals("version") {
                try setText(ScopeField.version, &batch.scopes, &batch.ledger)
            } else if key.equals("attributes") {
                try attributes(&batch.scopes, &batch.ledger)
            } else if key.isNamed("droppedAttributesCount", "dropped_attributes_count") {
                let dropped = try count()
                set(ScopeField.droppedAttributes, dropped, &batch.scopes)
                batch.ledger.count(.droppedAttributesUpstream, Int(dropped))
            } else {
                try cursor.skip()
            }
        }
    }

    private mutating func span(
        resource: Int, scope: Int, into batch: inout SpanBatch
    ) throws(JSONError) {
        let (events, links) = (batch.events.rowCount, batch.links.rowCount)
        batch.spans.beginRow()
        batch.spans.set(SpanField.resource, UInt64(resource))
        batch.spans.set(SpanField.scope, UInt64(scope))
        let (head, fault) = try spanMembers(into: &batch)
        if fault != nil { batch.ledger.count(.invalidSpan) }
        let reason = fault ?? head.write(to: &batch, receipt: receipt)
        if batch.hasOpenCounts {
            batch.settleCounts(owners.owner(ofSpan: batch.spans.rowCount - 1, in: batch))
        }
        if let reason {
            batch.removeLastSpan(eventsBefore: events, linksBefore: links)
            report.refuse(
                "resourceSpans[\(place.resource)].scopeSpans[\(place.scope)].spans[\(place.span)]: \(reason)"
            )
        } else {
            report.accepted += 1
        }
    }

    // MARK: Attributes

    /// Reads a list of `{"key":…,"value":…}` onto the newest row of a table.
    ///
    /// - Returns: what is wrong with it, or nil.
    @discardableResult
    mutating func attributes(
        _ table: inout TableBuilder, _ ledger: inout Ledger
    ) throws(JSONError) -> String? {
        switch try cursor.kind() {
        case .array: break
        case .null:
            try cursor.null()
            return nil
        default:
            try cursor.skip()
            return "attributes is a list of {\"key\":…,\"value\":…} in OTLP/JSON"
        }
        var isFirst = true
        try cursor.enterArray()
        while try cursor.nextElement(&isFirst) { try attribute(&table, &ledger) }
        return nil
    }

    private mutating func attribute(
        _ table: inout TableBuilder, _ ledger: inout Ledger
    ) throws(JSONError) {
        var name: JSONString?
        var value = AttributeValue.empty
        // Of the value, whose key may follow it.
        var odd = LedgerCounts()
        var isFirst = true
        try cursor.enterObject()
        while let key = try cursor.nextKey(&isFirst) {
            if key.equals("key"), try cursor.kind() == .string {
                name = try cursor.string()
            } else if key.equals("value") {
                value = try OTLPAnyValue.read(&cursor, &odd)
            } else {
                try cursor.skip()
            }
        }
        guard let name else {
            let none = UnsafeRawBufferPointer(start: nil, count: 0)
            table.set(none, value, &odd)
            return ledger.count(odd, key: none)
        }
        name.withBytes(&scratch) { key, isRepaired in
            if isRepaired { odd.count(.invalidUTF8) }
            table.set(key, value, &odd)
            ledger.count(odd, key: key)
        }
    }

    // MARK: Scalars

    mutating func setText<F: TableField>(
        _ field: F, _ table: inout TableBuilder, _ ledger: inout Ledger
    ) throws(JSONError) {
        guard try cursor.kind() == .string else {
            return try OTLPAnyValue.skipNull(&cursor, "a string")
        }
        try cursor.string().withBytes(&scratch) { text, isRepaired in
            if isRepaired { ledger.count(.invalidUTF8, key: field.name) }
            if !text.isEmpty { table.set(field, text) }
        }
    }

    func set<F: TableField>(_ field: F, _ value: UInt64, _ table: inout TableBuilder) {
        if value != 0 { table.set(field, value) }
    }

    /// An unsigned number, in quotes or not; null is 0.
    mutating func number() throws(JSONError) -> UInt64 {
        switch try cursor.kind() {
        case .null:
            try cursor.null()
            return 0
        case .string:
            let text = try cursor.string().decodedString
            if let value = JSONNumber.inText(text, \.uint64) {
                return value
            }
            throw cursor.error("expected an integer")
        default:
            guard let value = try cursor.number().uint64 else {
                throw cursor.error("expected an integer from 0 to 2^64")
            }
            return value
        }
    }

    /// An unsigned 32-bit count; a negative one, as some senders write, counts modulo 2^32.
    mutating func count() throws(JSONError) -> UInt64 {
        if try cursor.kind() == .number {
            let number = try cursor.number()
            return UInt64(UInt32(truncatingIfNeeded: number.integralValue ?? 0))
        }
        return UInt64(UInt32(truncatingIfNeeded: try number()))
    }
}
