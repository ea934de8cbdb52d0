/// The owners of the spans of a batch. They are looked up when the first is asked for, column by column, and each distinct
/// value is read once: of most batches nobody asks.
package final class BatchOwners {
    private let batch: SpanBatch
    private let sources: OwnerSources
    private lazy var found = OwnerCodes(batch, sources)

    package init(_ batch: SpanBatch, _ sources: OwnerSources) {
        self.batch = batch
        self.sources = sources
    }

    package subscript(row: Int) -> SpanOwner { found.owners[Int(found.codes[row])] }

    /// Counts spans by owner.
    package func count(_ reason: LedgerReason, _ rows: [Int], in ledger: inout Ledger) {
        if rows.isEmpty { return }
        let (owners, codes) = (found.owners, found.codes)
        var amounts = [Int](repeating: 0, count: owners.count)
        for row in rows { amounts[Int(codes[row])] += 1 }
        for (owner, amount) in zip(owners, amounts) where amount > 0 {
            ledger.count(
                LedgerLine(reason, tenant: owner.tenant, service: owner.service), amount)
        }
    }
}

/// The distinct owners of a batch's spans, and for each span which.
private struct OwnerCodes {
    private(set) var owners: [SpanOwner] = []
    /// For each span its owner's place in `owners`.
    private(set) var codes: [UInt32] = []

    init(_ batch: SpanBatch, _ sources: OwnerSources) {
        let tenants = OwnerTexts(batch, sources.tenant)
        let services = OwnerTexts(batch, sources.service)
        codes.reserveCapacity(batch.count)
        var known: [UInt64: UInt32] = [:]
        // Spans mostly have what their neighbours have.
        var last: (pair: UInt64, code: UInt32)?
        for row in 0..<batch.count {
            let (tenant, service) = (tenants.codes[row], services.codes[row])
            let pair = UInt64(tenant) << 32 | UInt64(service)
            if last?.pair != pair {
                let code = known[pair] ?? UInt32(owners.count)
                if Int(code) == owners.count {
                    known[pair] = code
                    owners.append(
                        SpanOwner(tenant: tenants.text(tenant), service: services.text(service)))
                }
                last = (pair, code)
            }
            codes.append(last?.code ?? 0)
        }
    }
}

/// What the spans of a batch say by some sources.
private struct OwnerTexts {
    private var texts: [String] = []
    private var known: [String: UInt32] = [:]
    /// For each span `place in texts + 1`, or 0 if it says nothing.
    private(set) var codes: [UInt32]

    /// A row of a dictionary that was not read yet.
    private static let unread = UInt32.max

    init(_ batch: SpanBatch, _ sources: OwnerSources.Ordered) {
        codes = [UInt32](repeating: 0, count: batch.count)
        var columns = OwnerColumns(sources)
        for place in columns.places(in: batch) {
            let table = batch.table(place.table)
            let column = table.columns[place.column]
            if column.rows.isEmpty { continue }
            if place.table == .span {
                add(column, rowsOf: nil) { columns.read(place, $0) }
            } else {
                let field = place.table == .scope ? SpanField.scope : .resource
                add(column, rowsOf: batch.spans.columns[field.rawValue]) { columns.read(place, $0) }
            }
        }
    }

    func text(_ code: UInt32) -> String? { code == 0 ? nil : texts[Int(code) - 1] }

    /// Takes the values of one column for spans that have none yet.
    ///
    /// - Parameter pointers: for each span the row of the column; nil if it is the span's own.
    private mutating func add(
        _ column: ColumnBuilder, rowsOf pointers: ColumnBuilder?, read: (AttributeValue) -> String?
    ) {
        var byCode = [UInt32](
            repeating: Self.unread, count: column.key.type.isCoded ? column.dictionary.count : 0)
        func code(_ index: Int) -> UInt32 {
            if byCode.isEmpty { return number(read(column.value(at: index))) }
            let value = Int(column.codes[index])
            if byCode[value] == Self.unread {
                byCode[value] = number(read(column.value(at: index)))
            }
            return byCode[value]
        }
        guard let pointers else {
            for (index, row) in column.rows.enumerated() where codes[Int(row)] == 0 {
                codes[Int(row)] = code(index)
            }
            return
        }
        // Rows of the other table that have a value are few.
        var ofRow: [UInt64: UInt32] = [:]
        for (index, row) in column.rows.enumerated() { ofRow[UInt64(row)] = code(index) }
        var last: (row: UInt64, code: UInt32)?
        for (span, row) in zip(pointers.rows, pointers.numbers) where codes[Int(span)] == 0 {
            if last?.row != row { last = (row, ofRow[row] ?? 0) }
            codes[Int(span)] = last?.code ?? 0
        }
    }

    private mutating func number(_ text: String?) -> UInt32 {
        guard let text else { return 0 }
        if let number = known[text] { return number }
        texts.append(text)
        known[text] = UInt32(texts.count)
        return UInt32(texts.count)
    }
}
