internal import Store

/// Conjunctions of values that enough units of the target have, counted on the target alone.
struct ConjunctionCandidates {
    private(set) var conjunctions: [Conjunction] = []
    private(set) var extensions: [Extensions] = []

    struct Conjunction: Sendable {
        /// Ascending.
        let items: [UInt16]
        let targets: Int
    }

    /// None.
    init() {}

    /// Pairs of values of different dimensions.
    ///
    /// - Parameter least: units of the target that have both at least.
    init(pairsOf items: CompareItems, _ target: FrameItems, least: Int) {
        var counts = [Int](repeating: 0, count: items.joinedCount)
        // The rarer of two leads, since its units are gone through to count both.
        for item in 0..<items.joinedCount {
            let own = items.items[item].dimension
            add([UInt16(item)], target.units(with: [UInt16(item)]), target, least, &counts) {
                $0 > item && items.items[Int($0)].dimension != own
            }
        }
    }

    /// Triples that are one value more than some pairs.
    ///
    /// A triple is found from any pair of it.
    ///
    /// - Parameters:
    ///   - pairs: those that are worth it.
    ///   - left: values that no triple is made of.
    init(
        triplesOf items: CompareItems, from pairs: [[UInt16]], _ target: FrameItems, least: Int,
        except left: Set<Int>
    ) {
        var counts = [Int](repeating: 0, count: items.joinedCount)
        var seen: Set<[UInt16]> = []
        for pair in pairs {
            let own = pair.map { items.items[Int($0)].dimension }
            add(pair, target.units(with: pair), target, least, &counts) { other in
                !own.contains(items.items[Int(other)].dimension) && !left.contains(Int(other))
                    && seen.insert((pair + [other]).sorted()).inserted
            }
        }
    }

    private mutating func add(
        _ parent: [UInt16], _ units: [UInt32], _ target: FrameItems, _ least: Int,
        _ counts: inout [Int], _ isWanted: (UInt16) -> Bool
    ) {
        guard units.count >= least else { return }
        var touched: [UInt16] = []
        for unit in units {
            target.visit(Int(unit)) { item in
                if counts[Int(item)] == 0 { touched.append(item) }
                counts[Int(item)] += 1
            }
        }
        var added: [(item: UInt16, number: Int)] = []
        for item in touched.sorted() {
            let count = counts[Int(item)]
            counts[Int(item)] = 0
            guard count >= least, isWanted(item) else { continue }
            added.append((item, conjunctions.count))
            conjunctions.append(
                Conjunction(items: (parent + [item]).sorted(), targets: count))
        }
        if !added.isEmpty { extensions.append(Extensions(items: parent, added: added)) }
    }
}

extension FrameItems {
    /// The items of each unit of the target.
    init(_ items: CompareItems, _ target: TargetValues) {
        let lists = items.dimensions.indices.filter(items.hasJoined).map { dimension in
            let numbers = items.numbers(of: dimension)
            var list = UnitLists()
            let own = target.codes[dimension]
            for unit in 0..<own.count {
                for code in own[unit] {
                    let item = numbers[Int(code)]
                    if item < items.joinedCount { list.append(item) }
                }
                list.endUnit()
            }
            return list
        }
        self.init(lists, unitCount: target.starts.count, itemCount: items.joinedCount)
    }
}
