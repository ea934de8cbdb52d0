/// Doubles as bytes, bit for bit.
///
/// Costs and temperatures are short decimals, so they are tried as integers over a power of ten; what
/// does not come back exactly that way is kept as bit patterns.
enum DoubleCodec {
    private enum Form: UInt8 {
        case patterns = 0
        case decimals = 1
    }

    static func append(_ patterns: [UInt64], traceEnds: [UInt32], to bytes: inout [UInt8]) {
        if let (digits, scaled) = decimals(patterns) {
            bytes.append(Form.decimals.rawValue)
            bytes.append(UInt8(digits))
            IntegerCodec.append(scaled, traceEnds: traceEnds, to: &bytes)
        } else {
            bytes.append(Form.patterns.rawValue)
            IntegerCodec.append(patterns, traceEnds: traceEnds, to: &bytes)
        }
    }

    static func read(
        _ reader: inout ByteReader, count: Int, traceEnds: [UInt32]
    ) throws(DamagedBytes) -> [UInt64] {
        let divisor = try readDivisor(&reader)
        var values = try IntegerCodec.read(&reader, count: count, traceEnds: traceEnds)
        if let divisor { divide(&values, by: divisor) }
        return values
    }

    /// Those at some places; see `IntegerCodec.pick`.
    static func pick(
        _ places: [Int], _ reader: inout ByteReader, count: Int, traceEnds: [UInt32]
    ) throws(DamagedBytes) -> [UInt64] {
        let divisor = try readDivisor(&reader)
        var values = try IntegerCodec.pick(places, &reader, count: count, traceEnds: traceEnds)
        if let divisor { divide(&values, by: divisor) }
        return values
    }

    /// What the integers that follow are to be divided by; nil if they are bit patterns.
    private static func readDivisor(_ reader: inout ByteReader) throws(DamagedBytes) -> Double? {
        let tag = try reader.byte()
        guard let form = Form(rawValue: tag) else { throw DamagedBytes("unknown form \(tag)") }
        guard case .decimals = form else { return nil }
        let digits = Int(try reader.byte())
        guard digits < powersOfTen.count else { throw DamagedBytes("\(digits) digits") }
        return powersOfTen[digits]
    }

    private static func divide(_ values: inout [UInt64], by divisor: Double) {
        for index in values.indices {
            values[index] = (Double(Int64(bitPattern: values[index])) / divisor).bitPattern
        }
    }

    private static let powersOfTen: [Double] = [1, 10, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9]

    /// The values as integers over 10^digits with the fewest digits for which all come back.
    private static func decimals(_ patterns: [UInt64]) -> (digits: Int, scaled: [UInt64])? {
        var digits = 0
        var scaled: [UInt64] = []
        scaled.reserveCapacity(patterns.count)
        var index = 0
        while index < patterns.count {
            if let integer = integer(patterns[index], digits) {
                scaled.append(integer)
                index += 1
            } else {
                digits += 1
                if digits == powersOfTen.count { return nil }
                scaled.removeAll(keepingCapacity: true)
                index = 0
            }
        }
        return (digits, scaled)
    }

    private static func integer(_ pattern: UInt64, _ digits: Int) -> UInt64? {
        let product = (Double(bitPattern: pattern) * powersOfTen[digits]).rounded()
        // 2^53: beyond it doubles skip integers. Not finite fails here too.
        guard abs(product) <= 9_007_199_254_740_992 else { return nil }
        let value = Double(Int64(product)) / powersOfTen[digits]
        return value.bitPattern == pattern ? UInt64(bitPattern: Int64(product)) : nil
    }
}
