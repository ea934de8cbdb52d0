import Queries
import Store

/// Every grammar of the parser: text is refused at a place that it has, or means what it means again once it
/// was printed.
func expression(_ bytes: UnsafeRawBufferPointer) {
    let text = String(decoding: bytes, as: UTF8.self)
    check(text) { text throws(ExpressionError) in try ExpressionParser.parse(text) }
    check(text) { text throws(ExpressionError) in
        try ExpressionParser.parse(text, isFailure: true)
    }
    check(text) { text throws(ExpressionError) in try ExpressionParser.having(text) }
    check(text) { text throws(ExpressionError) in try ExpressionParser.field(text) }
    check(text) { text throws(ExpressionError) in List(try ExpressionParser.fields(text)) }
    check(text) { text throws(ExpressionError) in
        List(try ExpressionParser.figures(text).map(\.figure))
    }
    check(text) { text throws(ExpressionError) in Order(try ExpressionParser.order(text)) }
}

private func check<T: Equatable & CustomStringConvertible>(
    _ text: String, _ parse: (String) throws(ExpressionError) -> T
) {
    let parsed: T
    do throws(ExpressionError) {
        parsed = try parse(text)
    } catch {
        precondition((0...text.unicodeScalars.count).contains(error.position))
        precondition(!error.message.isEmpty)
        let failure = QueryFailure("", error.message, position: error.position, text: text)
        precondition(failure.terminalText.split(separator: "\n").count <= 3)
        return
    }
    let printed = parsed.description
    // Quotes and escapes may make it longer than a text may be.
    if printed.unicodeScalars.count > ExpressionParser.lengthMax { return }
    do throws(ExpressionError) {
        let again = try parse(printed)
        precondition(again == parsed, "\(printed) is not what was printed")
        precondition(again.description.utf8.elementsEqual(printed.utf8), printed)
    } catch {
        preconditionFailure("\(printed): \(error.message)")
    }
}

private struct List<Element: Equatable & CustomStringConvertible>: Equatable,
    CustomStringConvertible
{
    let elements: [Element]

    init(_ elements: [Element]) { self.elements = elements }

    var description: String { elements.map(\.description).joined(separator: ",") }
}

private struct Order: Equatable, CustomStringConvertible {
    let order: RowOrder

    init(_ order: RowOrder) { self.order = order }

    var description: String { (order.isAscending ? "-" : "") + order.figure.description }
}
