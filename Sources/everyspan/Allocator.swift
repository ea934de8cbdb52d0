import CMalloc

/// Settings of the C library's allocator.
enum Allocator {
    /// Fewer arenas, and less given back to the system at once.
    ///
    /// Scans and merges use arrays of a megabyte or so again and again. By default each of those is a
    /// mapping of its own, and clearing its fresh pages took a fifth of a query; and each thread fills an
    /// arena of its own.
    static func prepare() { everyspan_set_allocator(2, 16 << 20, 32 << 20) }
}
