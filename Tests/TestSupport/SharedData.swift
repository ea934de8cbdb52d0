package import Foundation

/// Test data that lies beside the project, found through `EVERYSPAN_SHARED`. Tests that need it are
/// skipped without it; `.ci/run` sets it.
package enum SharedData {
    package static let directory = ProcessInfo.processInfo.environment["EVERYSPAN_SHARED"]
        .map { $0 + "/data" }

    package static var isThere: Bool { directory != nil }

    /// The names of a folder's files, sorted; none if the data is not there.
    package static func files(_ folder: String) -> [String] {
        guard let directory else { return [] }
        let names =
            (try? FileManager.default.contentsOfDirectory(atPath: "\(directory)/\(folder)")) ?? []
        return names.sorted()
    }

    package static func bytes(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: "\(directory ?? "")/\(path)")))
    }
}
