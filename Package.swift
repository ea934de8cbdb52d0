// swift-tools-version: 6.1
import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "everyspan",
    targets: [
        .target(name: "Spans", swiftSettings: strict),
        .testTarget(name: "SpansTests", dependencies: ["Spans"], swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
