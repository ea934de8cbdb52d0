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

    /// Pairs of values of different dimensions, of which one is promising.
    ///
    /// - Parameters:
    ///   - least: units of the target that have both at least.
    ///   - left: values that no pair is made of.
    init(
        pairsOf items: CompareItems, _ target: FrameItems, least: Int, isPromising: [Bool],
        except left: Set<Int>
    ) {
        var counts = [Int](repeating: 0, count: items.joinedCount)
        // The units of the promising one are gone through to count both, of two those of the rarer.
        for item in 0..<items.joinedCount where isPromising[item] {
            let own = items.items[item].dimension
            add([UInt16(item)], target.units(with: [UInt16(item)]), target, least, &counts) {
                (!isPromising[Int($0)] || $0 > item) && items.items[Int($0)].dimension != own
                    && !left.contains(Int($0))
            }
        }
    }

    /// Triples that are one value more than some pairs.
    ///
    /// A triple is found from any pair of it.
    ///
    /// - Parameters:
    ///   - pairs: those that are worth it, the rarest first: its units are gone through to count a triple.
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
        let all = [Bool](repeating: true, count: items.joinedCount)
        let lists = items.dimensions(of: all).map { dimension in
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
