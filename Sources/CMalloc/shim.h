#pragma once

// Settings of glibc's allocator, which Swift's Glibc module leaves out. Elsewhere there are none.
#if defined(__GLIBC__)
#include <malloc.h>

static inline void everyspan_set_allocator(int arenas, int mmap_threshold, int trim_threshold) {
    mallopt(M_ARENA_MAX, arenas);
    mallopt(M_MMAP_THRESHOLD, mmap_threshold);
    mallopt(M_TRIM_THRESHOLD, trim_threshold);
}
#else
static inline void everyspan_set_allocator(int arenas, int mmap_threshold, int trim_threshold) {}
#endif
