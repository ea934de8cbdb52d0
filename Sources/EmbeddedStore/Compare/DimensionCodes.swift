internal import Spans
internal import Store

/// What the units of a frame have of one dimension, as codes of the question: the same in every frame.
struct DimensionCodes {
    private let values: ComparedValues
    private let map: Map

    private enum Map {
        /// By the frame's code the question's, or `none`.
        case codes([UInt32])
        /// By the frame's code the ranges of numbers that it is in, a bit for each code of the question.
        case ranges([UInt64])
    }

    static let none = UInt32.max

    /// - Parameter wanted: values that are looked for among those of the frame, in the order of their bytes, each with its code.
    init(_ values: ComparedValues, wanted: [(bytes: [UInt8], code: UInt32)]) throws {
        self.values = values
        var codes = [UInt32](repeating: Self.none, count: values.valueCount + 1)
        for (own, wanted) in zip(try values.codes(ofValues: wanted.map(\.bytes)), wanted) {
            if let own { codes[Int(own)] = wanted.code }
        }
        map = .codes(codes)
    }

    /// The code of absence is behind those of the ranges.
    init(_ values: ComparedValues, _ bands: NumberBands) throws {
        self.values = values
        let masks = (0..<bands.count).map { bands.mask(ofBand: $0) }
        // What is no number is in no band, nor is it absent.
        var ranges = [UInt64](repeating: 0, count: values.valueCount + 1)
        ranges[0] = 1 << UInt64(bands.ranges.count)
        try values.visit(1..<ranges.count) { code, tagged in
            if let number = Number(ValueTable.value(tagged)) {
                ranges[code] = masks[bands.band(of: number.double)]
            }
        }
        map = .ranges(ranges)
    }

    /// Visits the codes of a unit, each once.
    @inline(__always)
    func visit(_ unit: Int, _ body: (UInt32) -> Void) {
        switch map {
        case .codes(let codes):
            if values.isSingle {
                let code = codes[Int(values.code(of: unit))]
                if code != Self.none { body(code) }
            } else {
                for own in values.codes(of: unit) {
                    let code = codes[Int(own)]
                    if code != Self.none { body(code) }
                }
            }
        case .ranges(let ranges):
            var mask: UInt64 = 0
            for own in values.codes(of: unit) { mask |= ranges[Int(own)] }
            while mask != 0 {
                body(UInt32(mask.trailingZeroBitCount))
                mask &= mask - 1
            }
        }
    }
}
