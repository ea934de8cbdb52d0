/// A regular expression in the subset of RE2's syntax that docs/API.md lists, unanchored.
///
/// Its time grows with text × pattern and never faster: Swift's and Foundation's engines backtrack, and
/// `(a+)+$` over twenty letters stops them for a minute, with no way to interrupt.
package struct LinearRegex: Sendable {
    private let program: RegexProgram

    package init(_ text: String) throws(RegexError) {
        program = try RegexProgram(RegexParser.parse(text))
    }

    /// Whether some part of `text` matches.
    package func matches(_ text: String) -> Bool {
        var threads = ThreadSet(program.instructions.count)
        var following = ThreadSet(program.instructions.count)
        var stack: [Int] = []
        var previous: UInt32?
        var iterator = text.unicodeScalars.makeIterator()
        while true {
            let current = iterator.next()?.value
            // A match may begin at each place, so a new thread starts at each.
            let isMatch = follow(
                0, into: &threads, stack: &stack, previous: previous, next: current)
            if isMatch { return true }
            guard let current else { return false }
            var ahead = iterator
            let afterwards = ahead.next()?.value
            following.removeAll()
            for pc in threads.members {
                guard case .set(let set) = program.instructions[pc],
                    program.sets[set].contains(current)
                else { continue }
                if follow(
                    pc + 1, into: &following, stack: &stack, previous: current, next: afterwards)
                {
                    return true
                }
            }
            swap(&threads, &following)
            previous = current
        }
    }

    /// Follows everything that reads no character, from one instruction on. True at a match.
    private func follow(
        _ start: Int, into threads: inout ThreadSet, stack: inout [Int], previous: UInt32?,
        next: UInt32?
    ) -> Bool {
        stack.append(start)
        while let pc = stack.popLast() {
            guard threads.insert(pc) else { continue }
            switch program.instructions[pc] {
            case .set: break
            case .jump(let target): stack.append(target)
            case .split(let first, let second):
                stack.append(second)
                stack.append(first)
            case .assertion(let assertion):
                if assertion.holds(previous, next) { stack.append(pc + 1) }
            case .match:
                stack.removeAll()
                return true
            }
        }
        return false
    }
}

extension RegexNode.Assertion {
    /// Whether it holds between two characters; nil is the end of the text.
    fileprivate func holds(_ previous: UInt32?, _ next: UInt32?) -> Bool {
        func isWord(_ scalar: UInt32?) -> Bool { scalar.map(ScalarSet.word.contains) ?? false }
        return switch self {
        case .textStart: previous == nil
        case .textEnd: next == nil
        case .lineStart: previous == nil || previous == 10
        case .lineEnd: next == nil || next == 10
        case .wordBoundary: isWord(previous) != isWord(next)
        case .noWordBoundary: isWord(previous) == isWord(next)
        }
    }
}

/// Instructions that are being followed, each once (Briggs and Torczon, "An Efficient Representation
/// for Sparse Sets", 1993).
private struct ThreadSet {
    private(set) var members: [Int] = []
    private var places: [Int]

    init(_ count: Int) { places = [Int](repeating: 0, count: count) }

    mutating func insert(_ pc: Int) -> Bool {
        let place = places[pc]
        if place < members.count, members[place] == pc { return false }
        places[pc] = members.count
        members.append(pc)
        return true
    }

    mutating func removeAll() { members.removeAll(keepingCapacity: true) }
}
