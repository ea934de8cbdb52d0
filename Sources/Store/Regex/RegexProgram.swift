/// A regular expression as instructions for a machine that follows all ways through it at once
/// (Thompson, "Regular Expression Search Algorithm", CACM 1968; Pike's form without captures).
struct RegexProgram: Sendable {
    enum Instruction: Sendable {
        case set(Int)
        case assertion(RegexNode.Assertion)
        case split(Int, Int)
        case jump(Int)
        case match
    }

    private(set) var instructions: [Instruction] = []
    private(set) var sets: [ScalarSet] = []
    private var numberOfSet: [ScalarSet: Int] = [:]

    /// Matching costs at most this for each character, so it bounds how slow a pattern can be.
    static let instructionsMax = 10_000

    init(_ node: RegexNode) throws(RegexError) {
        try append(node)
        try emit(.match)
    }

    private mutating func emit(_ instruction: Instruction) throws(RegexError) {
        if instructions.count >= Self.instructionsMax {
            throw RegexError(message: "the expression is too large", position: 0)
        }
        instructions.append(instruction)
    }

    private mutating func append(_ node: RegexNode) throws(RegexError) {
        switch node {
        case .empty: break
        case .set(let set):
            let number = numberOfSet[set] ?? sets.count
            if number == sets.count {
                sets.append(set)
                numberOfSet[set] = number
            }
            try emit(.set(number))
        case .assertion(let assertion): try emit(.assertion(assertion))
        case .sequence(let parts): for part in parts { try append(part) }
        case .alternatives(let parts): try append(alternatives: parts[...])
        case .repeated(let inner, let least, let most):
            let start = instructions.count
            for _ in 0..<least {
                try append(inner)
                // What matches nothing but the empty text need not be repeated; nested, it would
                // take forever.
                if instructions.count == start { return }
            }
            if let most {
                try append(inner, optionally: most - least)
            } else {
                try appendLoop(inner)
            }
        }
    }

    private mutating func append(alternatives: ArraySlice<RegexNode>) throws(RegexError) {
        var ends: [Int] = []
        for (index, part) in alternatives.enumerated() {
            if index == alternatives.count - 1 {
                try append(part)
                break
            }
            let split = instructions.count
            try emit(.split(split + 1, 0))
            try append(part)
            ends.append(instructions.count)
            try emit(.jump(0))
            instructions[split] = .split(split + 1, instructions.count)
        }
        for end in ends { instructions[end] = .jump(instructions.count) }
    }

    private mutating func append(_ node: RegexNode, optionally count: Int) throws(RegexError) {
        var splits: [Int] = []
        for _ in 0..<count {
            splits.append(instructions.count)
            try emit(.split(instructions.count + 1, 0))
            try append(node)
        }
        for split in splits { instructions[split] = .split(split + 1, instructions.count) }
    }

    private mutating func appendLoop(_ node: RegexNode) throws(RegexError) {
        let split = instructions.count
        try emit(.split(split + 1, 0))
        try append(node)
        try emit(.jump(split))
        instructions[split] = .split(split + 1, instructions.count)
    }
}
