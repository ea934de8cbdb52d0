/// Where some bytes occur in others, asked for in ascending order, and as often as one likes. They may overlap themselves.
///
/// Rare ones are found once and kept. Of those that are everywhere, such as a single letter, the first are kept and the next
/// is found when it is asked for: it is never far.
struct BytePlaces {
    private let part: UnsafeRawBufferPointer
    private let bytes: UnsafeRawBufferPointer
    private let rarest: Int
    private let known: [Int]
    /// All that come behind the known ones lie from here on; nil if there are none.
    private let unknownFrom: Int?

    /// - Precondition: `part` is not empty. Both stay where they are as long as this is used.
    init(
        of part: UnsafeRawBufferPointer, in bytes: UnsafeRawBufferPointer, knownMax: Int = 1 << 17
    ) {
        self.part = part
        self.bytes = bytes
        rarest = ByteSearch.rarest(of: part, in: bytes)
        var known: [Int] = []
        var from: Int? = 0
        while let start = from, known.count < knownMax {
            let place = ByteSearch.place(of: part, by: rarest, in: bytes, from: start)
            if let place { known.append(place) }
            from = place.map { $0 + 1 }
        }
        self.known = known
        unknownFrom = from
    }

    var isEmpty: Bool { known.isEmpty && unknownFrom == nil }

    /// Goes through the places once, forward.
    struct Cursor {
        private let places: BytePlaces
        private var next = 0
        private var place = -1

        fileprivate init(_ places: BytePlaces) { self.places = places }

        /// The first place at or behind a position that is no less than any asked for before; `Int.max` if there is none.
        @inline(__always)
        mutating func first(from position: Int) -> Int {
            if place < position { advance(to: position) }
            return place
        }

        private mutating func advance(to position: Int) {
            while next < places.known.count {
                place = places.known[next]
                next += 1
                if place >= position { return }
            }
            place =
                places.unknownFrom.flatMap {
                    ByteSearch.place(
                        of: places.part, by: places.rarest, in: places.bytes,
                        from: max($0, position))
                } ?? .max
        }
    }

    var cursor: Cursor { Cursor(self) }
}
