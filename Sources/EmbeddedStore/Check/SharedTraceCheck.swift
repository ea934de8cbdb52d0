internal import Spans

/// A trace that lies in several large segments is marked in each of them: unmarked, questions would count it twice.
///
/// Also counts copies of a span that start on different days. Upkeep removes them a little later, so they are no damage.
struct SharedTraceCheck {
    private struct Place {
        let partition: String
        let segment: Int64
        let isLarge: Bool
    }

    private var places: [Place] = []
    private var traces: [(hash: UInt64, place: UInt32)] = []
    private var marks: [Set<UInt64>] = []

    mutating func add(
        _ partition: String, _ segment: CheckedSegment, _ hashes: [UInt64], marks: Set<UInt64>
    ) {
        let place = UInt32(places.count)
        places.append(
            Place(
                partition: partition, segment: segment.record.id,
                isLarge: !segment.record.isPacked))
        traces += hashes.map { ($0, place) }
        self.marks.append(marks)
    }

    /// - Returns: how many copies there are.
    mutating func finish(
        in directory: String, _ report: (CheckProblem) -> Void
    ) throws -> Int {
        traces.sort { ($0.hash, $0.place) < ($1.hash, $1.place) }
        var unmarked: [UInt32: [UInt64]] = [:]
        var shared: [String: Set<UInt64>] = [:]
        for group in groups() where group.count > 1 {
            let hash = traces[group.lowerBound].hash
            let here = group.map { traces[$0].place }
            let large = here.filter { places[Int($0)].isLarge }
            if large.count > 1 {
                for place in large where !marks[Int(place)].contains(hash) {
                    unmarked[place, default: []].append(hash)
                }
            }
            let partitions = Set(here.map { places[Int($0)].partition })
            if partitions.count > 1 {
                for partition in partitions { shared[partition, default: []].insert(hash) }
            }
        }
        reportUnmarked(unmarked, in: directory, report)
        return try Copies.count(of: shared, in: directory)
    }

    private func groups() -> [Range<Int>] {
        var groups: [Range<Int>] = []
        var start = 0
        for index in traces.indices.dropFirst() where traces[index].hash != traces[start].hash {
            groups.append(start..<index)
            start = index
        }
        if start < traces.count { groups.append(start..<traces.count) }
        return groups
    }

    /// A server may have marked them, or merged the segment, since its partition was read.
    private func reportUnmarked(
        _ unmarked: [UInt32: [UInt64]], in directory: String, _ report: (CheckProblem) -> Void
    ) {
        for (index, hashes) in unmarked.sorted(by: { $0.key < $1.key }) {
            let place = places[Int(index)]
            var missing = hashes.count
            if let partition = try? Partition(reading: place.partition, in: directory) {
                defer { try? partition.close() }
                guard let now = try? partition.sharedTraces()[place.segment] ?? [],
                    let records = try? partition.segments().sound
                else { continue }
                if !records.contains(where: { $0.id == place.segment }) { continue }
                missing = hashes.count { !now.contains($0) }
            }
            guard missing > 0 else { continue }
            report(
                CheckProblem(
                    partition: place.partition, segment: place.segment, column: "shared_trace",
                    expected: "a mark for each trace of which other segments have spans",
                    found: "\(missing) without"))
        }
    }
}

/// Spans that are there in several partitions.
private enum Copies {
    static func count(of shared: [String: Set<UInt64>], in directory: String) throws -> Int {
        var spans: [UInt64] = []
        for (name, traces) in shared {
            guard let partition = try? Partition(reading: name, in: directory) else { continue }
            defer { try? partition.close() }
            for record in (try? partition.segments().sound) ?? [] {
                guard let segment = try? Segment(record, partition, WarmColumns(bytesMax: 1)),
                    let identities = try? CheckedSegment(segment).identities()
                else { continue }
                let hashes = TraceHasher(identities).all
                for row in 0..<identities.count where record.deletions?.contains(row) != true {
                    let trace = hashes[Int(identities.traceCodes[row])]
                    guard traces.contains(trace) else { continue }
                    spans.append(identities.hashWithTenant(row, traceHash: trace))
                }
            }
        }
        return spans.count - Set(spans).count
    }
}
