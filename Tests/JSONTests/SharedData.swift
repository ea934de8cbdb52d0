import Foundation
import Testing

/// Test data that lies beside the project, found through `EVERYSPAN_SHARED`.
enum SharedData {
    static let directory = ProcessInfo.processInfo.environment["EVERYSPAN_SHARED"].map {
        $0 + "/data"
    }

    static func files(_ folder: String) -> [String] {
        guard let directory else { return [] }
        let names =
            (try? FileManager.default.contentsOfDirectory(atPath: "\(directory)/\(folder)")) ?? []
        return names.sorted()
    }

    static func bytes(_ path: String) throws -> [UInt8] {
        let directory = try #require(directory)
        return Array(try Data(contentsOf: URL(filePath: "\(directory)/\(path)")))
    }
}

extension Trait where Self == ConditionTrait {
    static var needsSharedData: Self {
        .enabled(if: SharedData.directory != nil, "EVERYSPAN_SHARED is not set")
    }
}
