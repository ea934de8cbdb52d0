#pragma once

// What glibc's allocator can be told, which Swift's Glibc module leaves out. Elsewhere there is nothing to
// tell.
#include <stdlib.h>  // says whether this is glibc
#if defined(__GLIBC__)
#include <malloc.h>

static inline void everyspan_set_allocator(int arenas, int mmap_threshold, int trim_threshold) {
    mallopt(M_ARENA_MAX, arenas);
    mallopt(M_MMAP_THRESHOLD, mmap_threshold);
    mallopt(M_TRIM_THRESHOLD, trim_threshold);
}
static inline void everyspan_trim_allocator(void) { malloc_trim(0); }
#else
static inline void everyspan_set_allocator(int arenas, int mmap_threshold, int trim_threshold) {}
static inline void everyspan_trim_allocator(void) {}
#endif
