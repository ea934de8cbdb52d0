// swift-tools-version: 6.1
import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")

// The rooms, and who may import whom: downwards only. docs/ARCHITECTURE.md walks through them.
let package = Package(
    name: "everyspan",
    dependencies: [
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
    ],
    targets: [
        .executableTarget(
            name: "everyspan",
            dependencies: [
                "CMalloc", "EmbeddedStore", "HTTP", "JSON", "Prices", "Queries", "Service", "Spans",
                "Store", "Watch", httpTypes,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .target(
            name: "Service",
            dependencies: [
                "HTTP", "JSON", "Queries", "Spans", "Store", "Wire", "Zlib", httpTypes,
            ],
            swiftSettings: strict),
        .target(name: "HTTP", dependencies: [httpTypes], swiftSettings: strict),
        .target(
            name: "Watch", dependencies: ["Queries", "Spans", "Store"], swiftSettings: strict),
        .target(
            name: "Queries", dependencies: ["JSON", "Spans", "Store", httpTypes],
            swiftSettings: strict),
        .target(name: "Wire", dependencies: ["JSON", "Spans"], swiftSettings: strict),
        .target(
            name: "EmbeddedStore",
            dependencies: [
                "CBits", "Dimensions", "JSON", "Migrations", "Prices", "Spans", "Store", "Zlib",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: strict),
        .target(name: "CBits"),
        .target(
            name: "Migrations",
            path: "migrations",
            resources: [
                .embedInCode("partition_0001_segments.sql"),
                .embedInCode("partition_0002_seals.sql"),
                .embedInCode("partition_0003_counts.sql"),
                .embedInCode("partition_0004_trace_values.sql"),
                .embedInCode("partition_0005_ledger_lines.sql"),
                .embedInCode("partition_0006_heads.sql"),
                .embedInCode("partition_0007_filter.sql"),
                .embedInCode("catalog_0001_global.sql"),
                .embedInCode("catalog_0002_scores.sql"),
                .embedInCode("catalog_0003_findings.sql"),
                .embedInCode("catalog_0004_ledger_lines.sql"),
            ],
            swiftSettings: strict),
        .target(name: "Zlib", dependencies: ["CLibDeflate", "CZlib"], swiftSettings: strict),
        .systemLibrary(name: "CMalloc"),
        .systemLibrary(
            name: "CLibDeflate", pkgConfig: "libdeflate", providers: [.apt(["libdeflate-dev"])]),
        .systemLibrary(
            name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(
            name: "Dimensions",
            dependencies: [
                "JSON", "Spans", "Store", .product(name: "Crypto", package: "swift-crypto"),
            ],
            swiftSettings: strict),
        .target(name: "Prices", dependencies: ["JSON"], swiftSettings: strict),
        .target(name: "Store", dependencies: ["Spans"], swiftSettings: strict),
        .target(name: "JSON", dependencies: ["Spans"], swiftSettings: strict),
        .target(name: "Spans", swiftSettings: strict),

        .testTarget(
            name: "EveryspanTests",
            dependencies: [
                "EmbeddedStore", "everyspan", "TestSupport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "HTTPTests", dependencies: ["HTTP", "TestSupport", httpTypes],
            swiftSettings: strict),
        .testTarget(
            name: "QueriesTests", dependencies: ["Queries", "Spans", "Store", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "WatchTests",
            dependencies: ["Queries", "Spans", "Store", "TestSupport", "Watch"],
            swiftSettings: strict),
        .testTarget(
            name: "WireTests", dependencies: ["JSON", "Spans", "TestSupport", "Wire"],
            swiftSettings: strict),
        .testTarget(
            name: "EmbeddedStoreTests",
            dependencies: [
                "CBits", "EmbeddedStore", "Spans", "Store", "TestSupport", "Zlib",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "DimensionsTests", dependencies: ["Dimensions", "Store"], swiftSettings: strict),
        .testTarget(
            name: "PricesTests", dependencies: ["Prices", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "StoreTests", dependencies: ["Store", "TestSupport"], exclude: ["Tables"],
            swiftSettings: strict),
        .testTarget(
            name: "ZlibTests", dependencies: ["TestSupport", "Zlib"], swiftSettings: strict),
        .testTarget(
            name: "JSONTests", dependencies: ["JSON", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "SpansTests", dependencies: ["Spans"], swiftSettings: strict),
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)

// `deploy/fuzz` sets it: fuzzing needs a build of its own, in which every module is instrumented.
if Context.environment["EVERYSPAN_FUZZ"] != nil {
    package.targets.append(
        .target(
            name: "Fuzz",
            dependencies: ["HTTP", "JSON", "Queries", "Spans", "Store", "Wire", httpTypes],
            path: "Tests/Fuzz/Targets", swiftSettings: strict))
}
