/// SQL files of this folder, in the order in which they are applied, embedded in the binary. A file is
/// never edited once released; a change of the schema is a new file.
package enum Migrations {
    package struct Script: Sendable {
        package let name: String
        package let sql: String
    }

    /// The schema of a partition's file.
    package static let partition: [Script] = [
        Script(
            name: "partition_0001_segments",
            sql: String(decoding: PackageResources.partition_0001_segments_sql, as: UTF8.self)),
        Script(
            name: "partition_0002_seals",
            sql: String(decoding: PackageResources.partition_0002_seals_sql, as: UTF8.self)),
        Script(
            name: "partition_0003_counts",
            sql: String(decoding: PackageResources.partition_0003_counts_sql, as: UTF8.self)),
        Script(
            name: "partition_0004_trace_values",
            sql: String(
                decoding: PackageResources.partition_0004_trace_values_sql, as: UTF8.self)),
        Script(
            name: "partition_0005_ledger_lines",
            sql: String(
                decoding: PackageResources.partition_0005_ledger_lines_sql, as: UTF8.self)),
        Script(
            name: "partition_0006_heads",
            sql: String(decoding: PackageResources.partition_0006_heads_sql, as: UTF8.self)),
        Script(
            name: "partition_0007_filter",
            sql: String(decoding: PackageResources.partition_0007_filter_sql, as: UTF8.self)),
    ]

    /// The schema of the catalog's file.
    package static let catalog: [Script] = [
        Script(
            name: "catalog_0001_global",
            sql: String(decoding: PackageResources.catalog_0001_global_sql, as: UTF8.self)),
        Script(
            name: "catalog_0002_scores",
            sql: String(decoding: PackageResources.catalog_0002_scores_sql, as: UTF8.self)),
        Script(
            name: "catalog_0003_findings",
            sql: String(decoding: PackageResources.catalog_0003_findings_sql, as: UTF8.self)),
        Script(
            name: "catalog_0004_ledger_lines",
            sql: String(
                decoding: PackageResources.catalog_0004_ledger_lines_sql, as: UTF8.self)),
    ]
}
