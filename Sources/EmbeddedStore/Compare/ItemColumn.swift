internal import Store

/// What some units have of one dimension, as far as conjunctions are made of it: two bytes for each value of a unit.
///
/// A dimension's values are numbered by *places*, counted from 1 (`CompareItems.place`); 0 is whatever no conjunction is made of.
struct ItemColumn: Sendable {
    /// Where the places of each unit end. Empty if each has exactly one.
    private let ends: [UInt32]
    private let places: [UInt16]

    /// More values of a dimension are not told apart.
    static let placesMax = Int(UInt16.max)

    /// - Parameter places: of each unit.
    init(_ places: [UInt16]) {
        ends = []
        self.places = places
    }

    init(ends: [UInt32], places: [UInt16]) {
        self.ends = ends
        self.places = places
    }

    /// - Parameter places: of which a unit may have one more than once; then it has it once.
    init(ends: [UInt32], withoutRepetitions places: [UInt16]) {
        var places = places
        var start = 0
        for end in ends {
            for at in start..<Int(end) where places[start..<at].contains(places[at]) {
                places[at] = 0
            }
            start = Int(end)
        }
        self.init(ends: ends, places: places)
    }

    /// - Parameter placeOf: by code.
    init(_ lists: UnitLists, _ placeOf: [UInt16]) {
        var ends: [UInt32] = []
        var places: [UInt16] = []
        ends.reserveCapacity(lists.count)
        places.reserveCapacity(lists.count)
        var isSingle = true
        for unit in 0..<lists.count {
            let start = places.count
            for code in lists[unit] where placeOf[Int(code)] > 0 {
                places.append(placeOf[Int(code)])
            }
            if places.count == start { places.append(0) }
            if places.count > start + 1 { isSingle = false }
            ends.append(UInt32(places.count))
        }
        self.init(ends: isSingle ? [] : ends, places: places)
    }

    var byteCount: Int { ends.count * 4 + places.count * 2 }

    /// Visits each of some units with each of its places.
    @inline(__always)
    private func visit(_ units: [UInt32], _ body: (_ unit: Int, _ place: Int) -> Void) {
        places.withUnsafeBufferPointer { places in
            if ends.isEmpty {
                for unit in units { body(Int(unit), Int(places[Int(unit)])) }
                return
            }
            ends.withUnsafeBufferPointer { ends in
                for unit in units {
                    var at = unit == 0 ? 0 : Int(ends[Int(unit) - 1])
                    while at < Int(ends[Int(unit)]) {
                        body(Int(unit), Int(places[at]))
                        at += 1
                    }
                }
            }
        }
    }

    /// Counts how many of some units, and of the traces that they are of, have each place.
    ///
    /// - Parameter traceOf: by unit; nil if units are traces.
    func tally(_ units: [UInt32], traceOf: [UInt32]?, _ tallies: inout PlaceTallies) {
        tallies.begin()
        tallies.units.withUnsafeMutableBufferPointer { counts in
            guard let traceOf else { return tally(units, counts, tallies.placeCount) }
            let turn = UInt64(tallies.turn) << 32
            traceOf.withUnsafeBufferPointer { traceOf in
                tallies.traces.withUnsafeMutableBufferPointer { traces in
                    tallies.last.withUnsafeMutableBufferPointer { last in
                        visit(units) { unit, place in
                            counts[place] &+= 1
                            let trace = turn | UInt64(traceOf[unit])
                            if last[place] != trace {
                                last[place] = trace
                                traces[place] &+= 1
                            }
                        }
                    }
                }
            }
        }
    }

    /// - Parameters:
    ///   - counts: `PlaceTallies.lanes` times those of all places.
    ///   - count: how many places there are.
    private func tally(
        _ units: [UInt32], _ counts: UnsafeMutableBufferPointer<UInt32>, _ count: Int
    ) {
        guard ends.isEmpty else { return visit(units) { _, place in counts[place] &+= 1 } }
        places.withUnsafeBufferPointer { places in
            units.withUnsafeBufferPointer { units in
                // Units that follow each other often have the same place, and a count would wait for the one before.
                var at = 0
                while at + PlaceTallies.lanes <= units.count {
                    for lane in 0..<PlaceTallies.lanes {
                        counts[lane &* count &+ Int(places[Int(units[at &+ lane])])] &+= 1
                    }
                    at &+= PlaceTallies.lanes
                }
                while at < units.count {
                    counts[Int(places[Int(units[at])])] &+= 1
                    at &+= 1
                }
            }
        }
    }

    /// Those of some units that have a place.
    func filter(_ units: [UInt32], having wanted: UInt16) -> [UInt32] {
        places.withUnsafeBufferPointer { places in
            if ends.isEmpty { return units.filter { places[Int($0)] == wanted } }
            return ends.withUnsafeBufferPointer { ends in
                units.filter { unit in
                    let start = unit == 0 ? 0 : Int(ends[Int(unit) - 1])
                    return places[start..<Int(ends[Int(unit)])].contains(wanted)
                }
            }
        }
    }

    /// The units that have each of some places, ascending.
    ///
    /// - Parameters:
    ///   - isWanted: by place.
    ///   - units: those that are looked at.
    func holders(_ isWanted: [Bool], among units: UnitSelection) -> [[UInt32]] {
        places.withUnsafeBufferPointer { places in
            ends.withUnsafeBufferPointer { ends in
                isWanted.withUnsafeBufferPointer { isWanted in
                    HolderLists.of(isWanted.count) { body in
                        units.visit { _, unit in
                            let own =
                                ends.isEmpty
                                ? unit..<unit + 1
                                : (unit == 0 ? 0 : Int(ends[unit - 1]))..<Int(ends[unit])
                            for at in own where isWanted[Int(places[at])] {
                                body(Int(places[at]), unit)
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Counts by the places of a dimension, one group of units after the other.
struct PlaceTallies {
    /// Several counts of each place, which add up.
    fileprivate var units: [UInt32]
    /// None if units are traces.
    fileprivate var traces: [UInt32]
    /// By place the last trace that was counted, and in which turn.
    fileprivate var last: [UInt64]
    fileprivate var turn: UInt32 = 0
    fileprivate let placeCount: Int

    fileprivate static let lanes = 4

    /// - Parameters:
    ///   - places: how many a dimension has, 0 included.
    ///   - areTraces: whether units are traces.
    init(places: Int, areTraces: Bool) {
        placeCount = places
        units = [UInt32](repeating: 0, count: places * Self.lanes)
        traces = [UInt32](repeating: 0, count: areTraces ? 0 : places)
        last = [UInt64](repeating: 0, count: areTraces ? 0 : places)
    }

    fileprivate mutating func begin() { turn &+= 1 }

    /// What has been counted of a place in all turns, units and traces. Taking off what there was before costs less than clearing
    /// all places for each turn.
    subscript(place: UInt16) -> (units: UInt32, traces: UInt32) {
        var count: UInt32 = 0
        for lane in 0..<Self.lanes { count &+= units[lane * placeCount + Int(place)] }
        return (count, traces.isEmpty ? count : traces[Int(place)])
    }
}
