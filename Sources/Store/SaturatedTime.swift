/// Times are what anybody sends: of the first and the last that fit into 64 bits, differences and the next step do not.
extension Int64 {
    /// The sum, or the nearest number that fits.
    package func plus(_ other: Int64) -> Int64 {
        let (sum, overflows) = addingReportingOverflow(other)
        return overflows ? (other < 0 ? .min : .max) : sum
    }

    /// The difference, or the nearest number that fits.
    @inline(__always)
    package func minus(_ other: Int64) -> Int64 {
        let (difference, overflows) = subtractingReportingOverflow(other)
        return overflows ? (other < 0 ? .max : .min) : difference
    }
}
