internal import Foundation

/// Numbers of three decimal digits, as people read them.
enum RoundNumber {
    /// The greatest of them that is not above a finite number.
    static func below(_ number: Double) -> Double {
        // Nearer to 0 powers of ten are no doubles any more.
        if abs(number) < least { return number < 0 ? -least : 0 }
        if number < 0 {
            let magnitude = below(-number)
            return magnitude == -number
                ? number : max(-after(magnitude), -.greatestFiniteMagnitude)
        }
        let exponent = exponent(of: number) - 2
        var digits = Int((number / power(exponent)).rounded(.down))
        // The division may have been rounded over a limit.
        while digits > 0, value(digits, exponent) > number { digits -= 1 }
        while value(digits + 1, exponent) <= number { digits += 1 }
        return value(digits, exponent)
    }

    private static let least = 1e-290

    /// The next one above a positive one.
    private static func after(_ number: Double) -> Double {
        let exponent = exponent(of: number) - 2
        return value(Int((number / power(exponent)).rounded()) + 1, exponent)
    }

    /// That of the power of ten that is not above a positive number.
    private static func exponent(of number: Double) -> Int {
        // Of millions of durations the logarithm of each would take longer than all else.
        guard number >= 1e-6, number < 1e12 else { return Int(log10(number).rounded(.down)) }
        var exponent = 11
        while number < power(exponent) { exponent -= 1 }
        return exponent
    }

    private static func power(_ exponent: Int) -> Double {
        abs(exponent) <= powersMax ? powers[exponent + powersMax] : pow(10, Double(exponent))
    }

    private static let powersMax = 22
    private static let powers = (-powersMax...powersMax).map { pow(10, Double($0)) }

    /// The double that decimal text of so many digits reads as: powers up to 10²² are exact, and so one rounding is left.
    private static func value(_ digits: Int, _ exponent: Int) -> Double {
        switch exponent {
        case 0...22: Double(digits) * power(exponent)
        case -22..<0: Double(digits) / power(-exponent)
        default: Double("\(digits)e\(exponent)") ?? 0
        }
    }
}
