internal import Store

/// What some units have of one dimension, as far as conjunctions are made of it: mostly a byte for each unit.
///
/// A dimension's values are numbered by *places*, counted from 1 (`CompareItems.place`); 0 is whatever no conjunction is made of.
struct ItemColumn: Sendable {
    /// By unit whose places it has: its trace's, where all spans of each trace have the same. nil if each has its own.
    private let owners: [UInt32]?
    /// Where the places of each owner end. Empty if each has exactly one.
    private let ends: [UInt32]
    private let places: Codes

    /// More values of a dimension are not told apart.
    static let placesMax = Int(UInt16.max)

    /// - Parameter places: of each owner, if `ends` is empty; else of which an owner has none more than once.
    init(owners: [UInt32]? = nil, ends: [UInt32] = [], places: Codes) {
        self.owners = owners
        self.ends = ends
        self.places = places
    }

    /// - Parameter places: of which an owner may have one more than once; then it has it once.
    init(owners: [UInt32]?, ends: [UInt32], withoutRepetitions places: Codes) {
        var places = places.expanded
        var start = 0
        for end in ends {
            for at in start..<Int(end) where places[start..<at].contains(places[at]) {
                places[at] = 0
            }
            start = Int(end)
        }
        self.init(owners: owners, ends: ends, places: Codes(places))
    }

    /// - Parameters:
    ///   - lists: the codes of each owner.
    ///   - placeOf: by code.
    init(owners: [UInt32]? = nil, _ lists: UnitCodes, _ placeOf: [UInt16]) {
        var ends: [UInt32] = []
        var places: [UInt16] = []
        ends.reserveCapacity(lists.unitCount)
        places.reserveCapacity(lists.unitCount)
        var isSingle = true
        for unit in 0..<lists.unitCount {
            let start = places.count
            for code in lists[unit] where placeOf[Int(code)] > 0 {
                places.append(placeOf[Int(code)])
            }
            if places.count == start { places.append(0) }
            if places.count > start + 1 { isSingle = false }
            ends.append(UInt32(places.count))
        }
        self.init(owners: owners, ends: isSingle ? [] : ends, places: Codes(places))
    }

    var byteCount: Int { ends.count * 4 + places.byteCount }

    /// Whether each unit has one place, that of nothing too.
    var isSingle: Bool { ends.isEmpty }

    /// The place that is met most often, or that of nothing if there are none.
    var usual: UInt16 {
        var counts = [Int](repeating: 0, count: Int(greatest) + 1)
        for place in places { counts[Int(place)] += 1 }
        return counts.indices.max { counts[$0] < counts[$1] }.map { UInt16($0) } ?? 0
    }

    /// The greatest place.
    var greatest: UInt32 { places.max() ?? 0 }

    /// Counts how many of some units, and of the traces that they are of, have each place.
    ///
    /// - Parameters:
    ///   - traceOf: by unit; nil if units are traces.
    ///   - places: how many the dimension has, 0 included.
    func tally(_ units: [UInt32], traceOf: [UInt32]?, places: Int) -> PlaceTallies {
        var tallies = PlaceTallies(places: places)
        reading { read in
            tallies.counting { cells in
                guard let traceOf else {
                    for unit in units {
                        read.visit(Int(unit)) { cells[Int($0)].add(unit) }
                    }
                    return
                }
                traceOf.withUnsafeBufferPointer { traceOf in
                    for unit in units {
                        let trace = traceOf[Int(unit)]
                        read.visit(Int(unit)) { cells[Int($0)].add(trace) }
                    }
                }
            }
        }
        return tallies
    }

    /// Those of some units that have a place.
    func filter(_ units: [UInt32], having wanted: UInt16) -> [UInt32] {
        reading { read in
            units.filter { unit in
                var has = false
                read.visit(Int(unit)) { if $0 == wanted { has = true } }
                return has
            }
        }
    }

    /// The units that have each of some places, ascending.
    ///
    /// - Parameters:
    ///   - isWanted: by place.
    ///   - units: those that are looked at.
    func holders(_ isWanted: [Bool], among units: UnitSelection) -> [[UInt32]] {
        reading { read in
            isWanted.withUnsafeBufferPointer { isWanted in
                HolderLists.of(isWanted.count) { body in
                    units.visit { _, unit in
                        read.visit(unit) { place in
                            if isWanted[Int(place)] { body(Int(place), unit) }
                        }
                    }
                }
            }
        }
    }

    /// The same to be marked as bits.
    var placed: PlacedColumn {
        PlacedColumn(owners: owners, places: UnitCodes(ends: ends, codes: places))
    }

    /// Reads the places of units within a call, past which the reader is not to be kept.
    @inline(__always)
    func reading<R>(_ body: (UnitCodes.Reader) -> R) -> R {
        UnitCodes.Reader.reading(owners: owners, ends: ends, places, body)
    }
}

/// How many of a list of units have each place of a dimension, and how many traces.
struct PlaceTallies {
    fileprivate struct Cell {
        var units: UInt32 = 0
        var traces: UInt32 = 0
        /// The last trace that was counted.
        private var last = UInt32.max

        @inline(__always)
        mutating func add(_ trace: UInt32) {
            units &+= 1
            if last != trace {
                last = trace
                traces &+= 1
            }
        }
    }

    private var cells: [Cell]

    fileprivate init(places: Int) { cells = [Cell](repeating: Cell(), count: places) }

    fileprivate mutating func counting(_ body: (UnsafeMutableBufferPointer<Cell>) -> Void) {
        cells.withUnsafeMutableBufferPointer { body($0) }
    }

    subscript(place: UInt16) -> TargetCount {
        TargetCount(units: Int(cells[Int(place)].units), traces: Int(cells[Int(place)].traces))
    }
}
