internal import Foundation

/// What the process uses, as Linux says in `/proc/self` (man 5 proc); figures that are not there are nil.
struct ProcessFigures {
    private(set) var cpuSeconds: Double?
    private(set) var residentBytes: Double?
    private(set) var virtualBytes: Double?
    /// Unix seconds.
    private(set) var startTime: Double?
    private(set) var openFiles: Double?
    private(set) var openFilesMax: Double?

    init() {
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        // The command may hold spaces and parentheses, so fields are counted behind its end.
        let stat = Self.read("/proc/self/stat")?.split(separator: ")").last?.split(separator: " ")
        if let stat, stat.count > 21, ticks > 0 {
            let fields = stat.map { Double($0) }
            if let user = fields[11], let system = fields[12] {
                cpuSeconds = (user + system) / ticks
            }
            virtualBytes = fields[20]
            residentBytes = fields[21].map { $0 * Double(getpagesize()) }
            if let started = fields[19], let boot = Self.bootTime {
                startTime = boot + started / ticks
            }
        }
        let files = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
        // One of them is the folder that is being read.
        openFiles = files.map { Double(max(0, $0.count - 1)) }
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            openFilesMax = Double(limit.rlim_cur)
        }
    }

    private static var bootTime: Double? {
        read("/proc/stat")?.split(separator: "\n").first { $0.hasPrefix("btime ") }
            .flatMap { Double($0.dropFirst(6)) }
    }

    private static func read(_ path: String) -> String? {
        try? String(contentsOfFile: path, encoding: .utf8)
    }
}
