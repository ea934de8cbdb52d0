/// Spans decoded in memory, by column: what wire readers write and stores append.
///
/// A span never becomes an object. Readers call `spans.beginRow()` and set fields and attributes;
/// keys stay as they were sent, and nothing is mapped here.
package struct SpanBatch: Sendable {
    package var spans = TableBuilder(SpanField.self)
    package var resources = TableBuilder(ResourceField.self)
    package var scopes = TableBuilder(ScopeField.self)
    package var events = TableBuilder(EventField.self)
    package var links = TableBuilder(LinkField.self)
    /// What was refused or repaired while these spans were read.
    package var ledger = Ledger()

    package init() {}

    package var count: Int { spans.rowCount }

    package var tables: [TableBuilder] { [spans, resources, scopes, events, links] }

    /// Takes the newest span back, with its events and links.
    ///
    /// - Parameters:
    ///   - events: how many events there were before it.
    ///   - links: how many links there were before it.
    package mutating func removeLastSpan(eventsBefore events: Int, linksBefore links: Int) {
        spans.removeLastRow()
        while self.events.rowCount > events { self.events.removeLastRow() }
        while self.links.rowCount > links { self.links.removeLastRow() }
    }

    /// Appends all spans of `other`, in order.
    package mutating func append(_ other: SpanBatch) {
        let span = spans.rowCount
        spans.append(
            other.spans,
            shifting: [
                SpanField.resource.rawValue: resources.rowCount,
                SpanField.scope.rawValue: scopes.rowCount,
            ])
        resources.append(other.resources)
        scopes.append(other.scopes)
        events.append(other.events, shifting: [EventField.span.rawValue: span])
        links.append(other.links, shifting: [LinkField.span.rawValue: span])
        ledger.add(other.ledger)
    }
}
