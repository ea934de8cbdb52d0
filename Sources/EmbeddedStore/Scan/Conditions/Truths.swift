/// Truth values, one for each row or trace of a frame, all at once: what a question does with every row it looks at.
enum Truths {
    /// Leaves true what both say.
    static func and(_ truths: inout [Bool], _ others: [Bool]) {
        combine(&truths, others) { $0 & $1 }
    }

    /// Makes true what one of them says.
    static func or(_ truths: inout [Bool], _ others: [Bool]) {
        combine(&truths, others) { $0 | $1 }
    }

    static func not(_ truths: inout [Bool]) {
        truths.withUnsafeMutableBytes { truths in
            for index in truths.indices { truths[index] ^= 1 }
        }
    }

    /// As bytes, which are combined without asking for each whether the first is true already: many a step.
    private static func combine(
        _ truths: inout [Bool], _ others: [Bool], _ operation: (UInt8, UInt8) -> UInt8
    ) {
        truths.withUnsafeMutableBytes { truths in
            others.withUnsafeBytes { others in
                for index in 0..<min(truths.count, others.count) {
                    truths[index] = operation(truths[index], others[index])
                }
            }
        }
    }

    /// The numbers of those that are true, ascending.
    static func numbers(of truths: [Bool]) -> [UInt32] {
        let numbers = [UInt32](unsafeUninitializedCapacity: truths.count) { numbers, count in
            truths.withUnsafeBytes { truths in
                var found = 0
                var index = 0
                while index + 8 <= truths.count {
                    // Mostly few match.
                    if truths.loadUnaligned(fromByteOffset: index, as: UInt64.self) != 0 {
                        for step in index..<index + 8 {
                            // Written in any case, so that nothing has to be foreseen.
                            numbers[found] = UInt32(truncatingIfNeeded: step)
                            found &+= Int(truths[step])
                        }
                    }
                    index += 8
                }
                while index < truths.count {
                    if truths[index] != 0 {
                        numbers[found] = UInt32(truncatingIfNeeded: index)
                        found &+= 1
                    }
                    index += 1
                }
                count = found
            }
        }
        // Room for all of them is kept only where it is used.
        return numbers.count < truths.count / 4 ? numbers.map { $0 } : numbers
    }
}
