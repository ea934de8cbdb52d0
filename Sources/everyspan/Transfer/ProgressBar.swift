import Foundation

/// How much of something is done, on standard error if that is a terminal.
struct ProgressBar {
    private static let width = 30
    private let total: Int
    private let isTerminal = isatty(2) == 1
    private var shown = ContinuousClock.now

    init(total: Int) { self.total = total }

    /// Draws at most ten times a second.
    ///
    /// - Parameter note: what to say behind the bar.
    mutating func update(_ done: Int, _ note: @autoclosure () -> String) {
        guard isTerminal, shown.duration(to: .now) > .milliseconds(100) else { return }
        shown = .now
        draw(done, note())
    }

    /// Draws for the last time.
    func finish(_ done: Int, _ note: @autoclosure () -> String) {
        guard isTerminal else { return }
        draw(done, note())
        FileHandle.standardError.write(Data("\n".utf8))
    }

    private func draw(_ done: Int, _ note: String) {
        let line = Self.line(done, of: total, note)
        FileHandle.standardError.write(Data("\r\(line) ".utf8))
    }

    static func line(_ done: Int, of total: Int, _ note: String) -> String {
        let share = total == 0 ? 1 : min(1, Double(done) / Double(total))
        let filled = Int(share * Double(width))
        let bar =
            String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
        return "\(bar) \(Int(share * 100)) %  \(note)"
    }
}
