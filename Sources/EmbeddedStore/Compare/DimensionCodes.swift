internal import Spans
internal import Store

/// What the units of a frame have of one dimension, as codes of the question: the same in every frame.
struct DimensionCodes {
    private let source: Source
    /// Whether it is not kept for the question's next step.
    let isPassing: Bool

    private enum Source {
        /// By the frame's code the question's, or `none`.
        case values(ComparedValues, codes: [UInt32])
        /// By the frame's code the band of its number.
        case numbers(ComparedValues, bands: [UInt8], Ranges)
        /// By unit the band of its only number.
        case units(bands: [UInt8], Ranges)
    }

    /// By band the ranges of numbers that it is in, a bit for each code of the question. Behind the bands comes absence; `noNumber`
    /// is what is no number: it is in no range, nor is it absent.
    private typealias Ranges = [UInt64]

    private static let noNumber = UInt8.max

    static let none = UInt32.max
    private static let bandsInSetsMax = 16

    /// - Parameter wanted: values that are looked for among those of the frame, in the order of their bytes, each with its code.
    init(_ values: ComparedValues, wanted: [(bytes: [UInt8], code: UInt32)]) throws {
        var codes = [UInt32](repeating: Self.none, count: values.valueCount + 1)
        for (own, wanted) in zip(try values.codes(ofValues: wanted.map(\.bytes)), wanted) {
            if let own { codes[Int(own)] = wanted.code }
        }
        source = .values(values, codes: codes)
        isPassing = values.isPassing
    }

    /// The code of absence is behind those of the ranges.
    init(
        _ field: Field, _ bands: NumberBands, _ frame: ComparedFrame, _ resolver: FieldResolver
    ) throws {
        var ranges = [UInt64](repeating: 0, count: Int(Self.noNumber) + 1)
        for band in 0..<bands.count { ranges[band] = bands.mask(ofBand: band) }
        ranges[bands.count] = 1 << UInt64(bands.ranges.count)
        func band(of number: Double) -> UInt8 { UInt8(truncatingIfNeeded: bands.band(of: number)) }
        func numbers(_ values: ComparedValues) throws -> [UInt8] {
            var bandOf = [UInt8](repeating: Self.noNumber, count: values.valueCount + 1)
            bandOf[0] = UInt8(bands.count)
            try values.visit(1..<bandOf.count) { code, tagged in
                if let number = Number(ValueTable.value(tagged)) {
                    bandOf[code] = band(of: number.double)
                }
            }
            return bandOf
        }
        if let stored = try ComparedValues(storedOf: field, frame, resolver) {
            source = .numbers(stored, bands: try numbers(stored), ranges)
            isPassing = false
            return
        }
        if let durations = try UnitDurations(field, frame, resolver) {
            source = .units(bands: durations.milliseconds.map(band), ranges)
            isPassing = true
            return
        }
        let values = try ComparedValues(rowsOf: field, frame, resolver)
        let bandOf = try numbers(values)
        source =
            values.isSingle
            ? .units(bands: values.looked(upIn: bandOf), ranges)
            : .numbers(values, bands: bandOf, ranges)
        isPassing = values.isSingle || values.isPassing
    }

    /// The greatest number of values that a unit has.
    func longest(_ units: UnitSelection) -> Int {
        switch source {
        case .values(let values, _), .numbers(let values, _, _): values.longest(units)
        case .units: 1
        }
    }

    /// How many of the compared units have each code, and how many traces.
    ///
    /// - Parameters:
    ///   - count: one more than the greatest code that is asked for.
    ///   - traceOf: of spans, by row the number of its trace.
    func tallies(
        count: Int, _ frame: ComparedFrame, traceOf: [UInt32]?
    ) -> [UnitTallies] {
        if case .values(let values, let codes) = source {
            var tallies = [UnitTallies](repeating: UnitTallies(), count: count)
            for (own, tally) in values.tallies(frame, traceOf: traceOf).enumerated()
            where codes[own] < count {
                tallies[Int(codes[own])] = tally
            }
            return tallies
        }
        if traceOf == nil, case .numbers(let values, let bands, let ranges) = source,
            let found = Self.tallies(count: count, frame, values, bands, ranges)
        {
            return found
        }
        var counters = [TraceCounter](repeating: TraceCounter(), count: count)
        counters.withUnsafeMutableBufferPointer { counters in
            frame.reading(traceOf: traceOf) { units in
                reading { codes in
                    frame.selection.visit { _, unit in
                        codes.visit(unit) { code in
                            if Int(code) < counters.count {
                                units.add(unit, to: &counters[Int(code)])
                            }
                        }
                    }
                }
            }
        }
        return counters.map(\.tallies)
    }

    /// Of units that have several numbers, first how many have each set of bands: in how many ranges they are then needs no
    /// look at each. nil if there are more bands than sets are counted of.
    private static func tallies(
        count: Int, _ frame: ComparedFrame, _ values: ComparedValues, _ bands: [UInt8],
        _ ranges: Ranges
    ) -> [UnitTallies]? {
        let bandCount = Int(bands.lazy.filter { $0 != noNumber }.max() ?? 0) + 1
        guard bandCount <= bandsInSetsMax else { return nil }
        // What is no number is in no range.
        let bitOf = bands.map { $0 == noNumber ? 0 : UInt32(1) << UInt32($0) }
        var sets = [Tally](repeating: Tally(), count: 1 << bandCount)
        sets.withUnsafeMutableBufferPointer { sets in
            bitOf.withUnsafeBufferPointer { bitOf in
                values.reading { values in
                    frame.isTarget.withUnsafeBufferPointer { isTarget in
                        frame.selection.visit { _, unit in
                            var set: UInt32 = 0
                            values.visit(unit) { set |= bitOf[Int($0)] }
                            sets[Int(set)].count &+= 1
                            sets[Int(set)].failures &+= isTarget[unit] ? 1 : 0
                        }
                    }
                }
            }
        }
        var tallies = [UnitTallies](repeating: UnitTallies(), count: count)
        for (set, tally) in sets.enumerated() where tally.count > 0 {
            var mask: UInt64 = 0
            for band in 0..<bandCount where set >> band & 1 == 1 { mask |= ranges[band] }
            visit(mask) { code in
                if Int(code) < count {
                    tallies[Int(code)] += UnitTallies(units: tally, traces: tally)
                }
            }
        }
        return tallies
    }

    /// The codes of units while they are read one by one.
    struct Reader {
        fileprivate enum Place {
            case values(UnitCodes.Reader, UnsafeBufferPointer<UInt32>)
            case numbers(
                UnitCodes.Reader, UnsafeBufferPointer<UInt8>, UnsafeBufferPointer<UInt64>)
            case units(UnsafeBufferPointer<UInt8>, UnsafeBufferPointer<UInt64>)
        }

        fileprivate let place: Place

        /// Visits the codes of a unit, each once.
        @inline(__always)
        func visit(_ unit: Int, _ body: (UInt32) -> Void) {
            switch place {
            case .values(let values, let codes):
                values.visit(unit) { own in
                    let code = codes[Int(own)]
                    if code != DimensionCodes.none { body(code) }
                }
            case .numbers(let values, let bands, let ranges):
                var mask: UInt64 = 0
                values.visit(unit) { mask |= ranges[Int(bands[Int($0)])] }
                DimensionCodes.visit(mask, body)
            case .units(let bands, let ranges):
                DimensionCodes.visit(ranges[Int(bands[unit])], body)
            }
        }

        /// The band of a unit that has one number, or the number of bands if it has none.
        @inline(__always)
        fileprivate func band(_ unit: Int) -> Int {
            switch place {
            case .units(let bands, _): return Int(bands[unit])
            case .numbers(let values, let bands, _):
                var band = 0
                values.visit(unit) { band = Int(bands[Int($0)]) }
                return band
            case .values: return .max
            }
        }
    }

    /// Reads the codes of units within a call, past which the reader is not to be kept.
    @inline(__always)
    func reading<R>(_ body: (Reader) throws -> R) rethrows -> R {
        switch source {
        case .values(let values, let codes):
            try codes.withUnsafeBufferPointer { codes in
                try values.reading { try body(Reader(place: .values($0, codes))) }
            }
        case .numbers(let values, let bands, let ranges):
            try ranges.withUnsafeBufferPointer { ranges in
                try bands.withUnsafeBufferPointer { bands in
                    try values.reading { try body(Reader(place: .numbers($0, bands, ranges))) }
                }
            }
        case .units(let bands, let ranges):
            try ranges.withUnsafeBufferPointer { ranges in
                try bands.withUnsafeBufferPointer { try body(Reader(place: .units($0, ranges))) }
            }
        }
    }

    /// Reads the band of each unit's only number within a call: that of absence is behind the others, and what is greater is no
    /// number.
    ///
    /// - Returns: false, without a call, if units may have several values.
    @inline(__always)
    func readingBands(_ body: ((_ unit: Int) -> Int) -> Void) -> Bool {
        switch source {
        case .values: return false
        case .numbers(let values, _, _): if !values.isSingle { return false }
        case .units: break
        }
        reading { reader in body { reader.band($0) } }
        return true
    }

    @inline(__always)
    private static func visit(_ mask: UInt64, _ body: (UInt32) -> Void) {
        var mask = mask
        while mask != 0 {
            body(UInt32(mask.trailingZeroBitCount))
            mask &= mask - 1
        }
    }

    /// What all units of the frame have, by the places of codes.
    ///
    /// - Parameter placeOf: by code; of the ranges of numbers only such have one as share no number.
    func column(_ placeOf: [UInt16]) -> PlacedColumn {
        func place(_ code: UInt32) -> UInt16 {
            Int(code) < placeOf.count ? placeOf[Int(code)] : 0
        }
        func place(ofRanges mask: UInt64) -> UInt16 {
            var found: UInt16 = 0
            Self.visit(mask) { code in if place(code) > 0 { found = place(code) } }
            return found
        }
        switch source {
        case .values(let values, let codes): return values.column(codes.map(place), areApart: true)
        case .numbers(let values, let bands, let ranges):
            let places = ranges.map(place(ofRanges:))
            return values.column(bands.map { places[Int($0)] }, areApart: false)
        case .units(let bands, let ranges):
            let places = ranges.map(place(ofRanges:))
            return PlacedColumn(
                owners: nil, UnitCodes(codes: Codes(bands)), places, areApart: false)
        }
    }
}
