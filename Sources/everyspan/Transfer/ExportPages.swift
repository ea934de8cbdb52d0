import Foundation
import JSON

/// All rows of a listing, page by page, newest first: each that was there when the first page was asked for
/// comes once, whatever arrives meanwhile.
struct ExportPages {
    struct Page {
        /// Each as the server wrote it.
        var items: [[UInt8]] = []
        /// How many there are in all, over all pages.
        var matched = 0
    }

    /// Rows a page: the most that the routes give.
    private static let limit = "1000"

    private let path: String
    private let answering: any Answering
    private var parameters: [(name: String, value: String?)]
    private var cursor: String?
    private var isAtEnd = false

    init(
        _ path: String, _ parameters: [(name: String, value: String?)], _ answering: any Answering
    ) {
        self.path = path
        self.parameters = parameters
        self.answering = answering
    }

    /// nil after the last.
    mutating func next() async throws -> Page? {
        if isAtEnd { return nil }
        let body = try await answering.whole(
            Question(
                path: path,
                parameters: parameters + [("limit", Self.limit), ("cursor", cursor)]))
        let page = try read(body)
        isAtEnd = cursor == nil
        return page
    }

    private mutating func read(_ body: [UInt8]) throws -> Page {
        var page = Page()
        var coverage = CoverageRange()
        cursor = nil
        try body.withUnsafeBytes { bytes in
            var json = JSONCursor(bytes)
            var isFirst = true
            try json.enterObject()
            while let key = try json.nextKey(&isFirst) {
                if key.equals("cursor"), try json.kind() == .string {
                    cursor = try json.string().decodedString
                } else if key.equals("coverage") {
                    coverage = try JSONDecoder().decode(
                        CoverageRange.self, from: Data(try json.rawValue()))
                } else if try json.kind() == .array {
                    var isFirst = true
                    try json.enterArray()
                    while try json.nextElement(&isFirst) {
                        page.items.append(Array(try json.rawValue()))
                    }
                } else {
                    try json.skip()
                }
            }
        }
        page.matched = coverage.matched
        fix(coverage)
        return page
    }

    /// A relative window would move from page to page.
    private mutating func fix(_ coverage: CoverageRange) {
        parameters.removeAll { ["since", "from", "to"].contains($0.name) }
        parameters += [("from", coverage.from ?? "0"), ("to", coverage.to)]
    }

    private struct CoverageRange: Decodable {
        var from: String?
        var to: String?
        var matched = 0
    }
}
