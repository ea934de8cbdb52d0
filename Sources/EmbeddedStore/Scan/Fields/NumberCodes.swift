/// The codes of numbers that were seen before. Columns have few numbers that come often, so those that came last are looked at before all
/// are searched.
struct NumberCodes {
    private var codes: [UInt64: UInt32] = [:]
    /// By some bits of its hash the number that came last, and its code.
    private var recent: [(number: UInt64, code: UInt32)?]
    private let shift: UInt64

    /// - Parameter count: how many numbers will be asked for.
    init(count: Int) {
        let bits = count < 4096 ? 4 : 8
        recent = [(number: UInt64, code: UInt32)?](repeating: nil, count: 1 << bits)
        shift = UInt64(64 - bits)
    }

    /// - Parameter make: makes the code of a number that is new.
    @inline(__always)
    mutating func code(of number: UInt64, _ make: () -> UInt32) -> UInt32 {
        // Fibonacci hashing: Knuth, "The Art of Computer Programming", volume 3, section 6.4.
        let place = Int((number &* 0x9e37_79b9_7f4a_7c15) &>> shift)
        if let last = recent[place], last.number == number { return last.code }
        let code: UInt32
        if let known = codes[number] {
            code = known
        } else {
            code = make()
            codes[number] = code
        }
        recent[place] = (number, code)
        return code
    }
}
