// Sets of bits: of what has a code, and counts of what two of them have in common. In C, since each function is compiled for
// several processors, of which the best is chosen when the program starts; Swift cannot say that.

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

/// Sets the bits of all units that have a code.
///
/// codes: of each unit, `count` of them. firsts: of each word the unit of its lowest bit, behind the last where units end; the
/// others follow in order, 64 at most. row: the bits of so many words.
void mark_bytes(
    const uint8_t *codes, size_t count, const uint32_t *firsts, size_t words, uint8_t code,
    uint64_t *row);
