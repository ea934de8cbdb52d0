// Counts of bits that two sets have in common. In C, since each function is compiled for several processors, of which the
// best is chosen when the program starts; Swift cannot say that.

#pragma once

#include <stddef.h>
#include <stdint.h>

/// How many units two sets have in common, and how many runs of units.
typedef struct {
    uint64_t units;
    uint64_t runs;
} CommonBits;

/// Counts the bits that two sets of so many words have in common.
uint64_t common_bits(const uint64_t *a, const uint64_t *b, size_t words);

/// Counts the bits in common, and the runs that have any of them. No run goes on from one word into the next.
///
/// ends: the last bit of each run, and all bits that are in no run.
CommonBits common_runs(const uint64_t *a, const uint64_t *b, const uint64_t *ends, size_t words);

/// The same where runs may go on in the next words. It takes some three times as long.
CommonBits common_long_runs(
    const uint64_t *a, const uint64_t *b, const uint64_t *ends, size_t words);
