/// How long the watch's windows are: as set, or shorter while that is too much.
struct WindowLength {
    private let whole: Int
    private var halvings = 0
    /// Quick looks since it was changed.
    private var quick = 0

    /// Shorter than this, or than what is set, no window is made.
    static let secondsMin = 60
    /// So many quick looks come before a longer window is tried.
    static let quickLooks = 12

    init(seconds: Int) { whole = seconds }

    var seconds: Int { max(min(Self.secondsMin, whole), whole >> halvings) }
    var nanoseconds: Int64 { Int64(seconds) * 1_000_000_000 }

    mutating func failed() {
        quick = 0
        if whole >> (halvings + 1) >= Self.secondsMin { halvings += 1 }
    }

    mutating func succeeded(isQuick: Bool) {
        quick = isQuick ? quick + 1 : 0
        guard halvings > 0, quick >= Self.quickLooks else { return }
        halvings -= 1
        quick = 0
    }
}
