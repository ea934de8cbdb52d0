import Store
import Testing

@Suite struct `The failures that a row needs` {
    private static func failures(_ comparator: HavingComparator, _ limit: Double) -> Having<Figure>
    {
        .comparison(.failures, comparator, limit)
    }

    private static let cases: [Having<Figure>] = [
        failures(.greater, -1), failures(.greater, -0.5), failures(.greater, 0),
        failures(.greater, 4), failures(.greater, 4.5), failures(.greaterOrEqual, -3),
        failures(.greaterOrEqual, 0), failures(.greaterOrEqual, 4.5), failures(.equal, 7),
        failures(.equal, 0), failures(.less, 3), failures(.unequal, 0), failures(.greater, .nan),
        failures(.greater, .infinity), .comparison(.failureRate, .greater, 0),
        .comparison(.failureRate, .greater, -0.1), .comparison(.failureRate, .greaterOrEqual, 0),
        .comparison(.shareOfFailures, .greaterOrEqual, 0.25), .comparison(.count, .greater, 3),
        .and([failures(.greater, 2), .comparison(.count, .greater, 5)]), .and([]), .or([]),
        .or([failures(.greater, 2), failures(.greater, 5)]),
        .or([failures(.greater, 2), .comparison(.count, .greater, 5)]),
        .not(failures(.greater, 2)), .not(failures(.less, 2)),
    ]

    /// Whatever has fewer failures than is said satisfies no condition.
    @Test(arguments: cases) func `are never more than one that satisfies it has`(
        having: Having<Figure>
    ) {
        for failures in 0..<12 where failures < having.failuresLeast {
            for count in failures...failures + 12 {
                let holds = having.holds { figure in
                    switch figure {
                    case .failures: Double(failures)
                    case .count: Double(count)
                    case .failureRate: count > 0 ? Double(failures) / Double(count) : nil
                    case .shareOfFailures: Double(failures) / 20
                    default: nil
                    }
                }
                #expect(!holds, "\(failures) of \(count) do, too few by what is said")
            }
        }
    }

    @Test func `are known where it matters`() {
        #expect(Having<Figure>.comparison(.failures, .greaterOrEqual, 5).failuresLeast == 5)
        #expect(Having<Figure>.comparison(.failures, .greater, 4).failuresLeast == 5)
        #expect(Having<Figure>.comparison(.failureRate, .greater, 0).failuresLeast == 1)
    }
}
