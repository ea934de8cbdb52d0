/// How rows are written.
package enum RowFormat: String, Sendable, CaseIterable {
    /// An object with everything around the rows.
    case json
    /// A bare array of flat rows, for Grafana's Infinity and the like.
    case rows
    /// A flat row a line.
    case ndjson
    case csv
    /// A table for a terminal.
    case text

    package var contentType: String {
        switch self {
        case .json, .rows: "application/json"
        case .ndjson: "application/x-ndjson"
        case .csv: "text/csv; charset=utf-8"
        case .text: "text/plain; charset=utf-8"
        }
    }

    /// Whether the coverage is part of the body; otherwise a header carries it.
    package var hasRoomForCoverage: Bool { self == .json }
}
