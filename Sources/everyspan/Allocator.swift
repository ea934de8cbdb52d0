import CMalloc
import Dispatch
import Foundation

/// Keeps the C library's allocator from holding on to memory that nothing uses.
///
/// A merge or a scan allocates and frees many arrays of all sizes from several threads. glibc keeps most
/// of what they leave: at 200 MiB in use the process held 600 (docs/PERFORMANCE.md).
enum Allocator {
    /// Fewer arenas, and the largest arrays as mappings of their own, which go when they are freed.
    ///
    /// The threshold is above the arrays that scans use again and again, 8 bytes for each row of a
    /// segment: as mappings, clearing their fresh pages took a fifth of a query.
    static func prepare() { everyspan_set_allocator(2, 2100 << 10, 8 << 20) }

    /// Gives back what is free: four times a second if the process has grown, and every five seconds, so
    /// that it is small again at rest.
    static func startGivingBack() {
        let timer = DispatchSource.makeTimerSource(queue: .global(qos: .utility))
        var afterLast = residentBytes()
        var ticks = 0
        timer.setEventHandler {
            withExtendedLifetime(timer) {
                ticks += 1
                guard ticks % 20 == 0 || residentBytes() > afterLast + growthBytes else { return }
                everyspan_trim_allocator()
                afterLast = residentBytes()
            }
        }
        timer.schedule(deadline: .now() + 1, repeating: .milliseconds(250))
        timer.resume()
    }

    private static let growthBytes = 32 << 20

    /// What the process holds in memory; 0 where `/proc` is not.
    private static func residentBytes() -> Int {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else {
            return 0
        }
        let fields = text.split(separator: " ")
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * Int(getpagesize()) : 0
    }
}
