#include "CBits.h"

#include <stdbool.h>
#include <string.h>

// Counting the bits of a word takes one instruction on most processors, and of eight words one on newer ones, but the least
// that x86-64 promises has none. glibc lets the program choose when it starts.
#if defined(__x86_64__) && defined(__GLIBC__)
#define FOR_EACH_PROCESSOR                                                                        \
    __attribute__((target_clones("default", "popcnt", "avx2", "avx512vpopcntdq")))
#else
#define FOR_EACH_PROCESSOR
#endif

FOR_EACH_PROCESSOR
uint64_t common_bits(const uint64_t *a, const uint64_t *b, size_t words) {
    uint64_t units = 0;
    for (size_t word = 0; word < words; word++) {
        units += (uint64_t)__builtin_popcountll(a[word] & b[word]);
    }
    return units;
}

// Where all bits of a run but its last are set, adding any of them carries into the last.

FOR_EACH_PROCESSOR
CommonBits common_runs(const uint64_t *a, const uint64_t *b, const uint64_t *ends, size_t words) {
    uint64_t units = 0;
    uint64_t runs = 0;
    for (size_t word = 0; word < words; word++) {
        uint64_t both = a[word] & b[word];
        uint64_t inner = ~ends[word];
        uint64_t reached = (((both & inner) + inner) | both) & ends[word];
        units += (uint64_t)__builtin_popcountll(both);
        runs += (uint64_t)__builtin_popcountll(reached);
    }
    return (CommonBits){units, runs};
}

FOR_EACH_PROCESSOR
CommonBits common_long_runs(
    const uint64_t *a, const uint64_t *b, const uint64_t *ends, size_t words) {
    CommonBits common = {0, 0};
    uint64_t carry = 0;
    for (size_t word = 0; word < words; word++) {
        uint64_t both = a[word] & b[word];
        uint64_t inner = ~ends[word];
        uint64_t sum;
        uint64_t over = __builtin_add_overflow(both & inner, inner, &sum);
        uint64_t carried;
        uint64_t over_too = __builtin_add_overflow(sum, carry, &carried);
        carry = over | over_too;
        common.units += (uint64_t)__builtin_popcountll(both);
        common.runs += (uint64_t)__builtin_popcountll((carried | both) & ends[word]);
    }
    return common;
}

typedef uint8_t Bytes64 __attribute__((ext_vector_type(64)));
typedef bool Bits64 __attribute__((ext_vector_type(64)));

FOR_EACH_PROCESSOR
void mark_bytes(
    const uint8_t *codes, size_t count, const uint32_t *firsts, size_t words, uint8_t code,
    uint64_t *row) {
    for (size_t word = 0; word < words; word++) {
        size_t first = firsts[word];
        size_t units = firsts[word + 1] - first;
        Bytes64 bytes = 0;
        memcpy(&bytes, codes + first, first + 64 <= count ? 64 : units);
        Bits64 equal = __builtin_convertvector(bytes == code, Bits64);
        uint64_t bits;
        memcpy(&bits, &equal, sizeof bits);
        row[word] |= units < 64 ? bits & ((UINT64_C(1) << units) - 1) : bits;
    }
}
