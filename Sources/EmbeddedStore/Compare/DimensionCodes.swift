internal import Spans
internal import Store

/// What the units of a frame have of one dimension, as codes of the question: the same in every frame.
struct DimensionCodes {
    private let values: UnitValues
    private let map: Map

    private enum Map {
        /// By the frame's code the question's, or `none`.
        case codes([UInt32])
        /// By the frame's code the ranges of numbers that it is in, a bit for each code of the question.
        case ranges([UInt64])
    }

    static let none = UInt32.max

    /// - Parameter coded: the question's code of a value's tag and bytes, of null those of nothing.
    init(_ values: UnitValues, coded: (UnsafeRawBufferPointer) -> UInt32?) {
        self.values = values
        let table = values.field.values
        var codes = [coded(UnsafeRawBufferPointer(start: nil, count: 0)) ?? Self.none]
        codes.reserveCapacity(table.count + 1)
        for value in 0..<table.count {
            codes.append(table.dictionary.withValue(value, coded) ?? Self.none)
        }
        map = .codes(codes)
    }

    /// - Parameters:
    ///   - values: that are looked for among those of the frame, each with its code.
    init(_ values: UnitValues, wanted: [(bytes: [UInt8], code: UInt32)]) {
        self.values = values
        var codes = [UInt32](repeating: Self.none, count: values.field.values.count + 1)
        for (bytes, code) in wanted {
            if bytes.isEmpty {
                codes[0] = code
            } else if let own = bytes.withUnsafeBytes({
                values.field.values.dictionary.existingCode(of: $0)
            }) {
                codes[Int(own) + 1] = code
            }
        }
        map = .codes(codes)
    }

    /// The code of absence is behind those of the ranges.
    init(_ values: UnitValues, _ bands: NumberBands) {
        self.values = values
        let masks = (0..<bands.count).map { bands.mask(ofBand: $0) }
        let absent = UInt64(1) << UInt64(bands.ranges.count)
        map = .ranges(
            [absent]
                + (0..<UInt32(values.field.values.count)).map { value in
                    // What is no number is in no band, nor is it absent.
                    Number(values.field.values.value(value + 1)).map {
                        masks[bands.band(of: $0.double)]
                    } ?? 0
                })
    }

    /// Visits the codes of a unit, each once.
    @inline(__always)
    func visit(_ unit: Int, _ body: (UInt32) -> Void) {
        switch map {
        case .codes(let codes):
            if values.isSingle {
                let code = codes[Int(values.codes[unit])]
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
