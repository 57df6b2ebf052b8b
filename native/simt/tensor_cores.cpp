// The matrix operations of a warp, with the fragment layouts of device.h.
#include "engine.h"

#include <string.h>

namespace simt {

static inline __m256 from_half(__m128i v) { return _mm256_cvtph_ps(v); }
static inline __m256 from_bfloat(__m128i v) { return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(v), 16)); }

// Eight rows of eight 16-bit numbers.
static inline void transpose(const void* from, __m128i (&to)[8]) {
    const __m128i* rows = (const __m128i*)from;
    __m128i pairs[8], fours[8];
    for (int i = 0; i < 4; i++) {
        __m128i even = _mm_loadu_si128(rows + 2 * i), odd = _mm_loadu_si128(rows + 2 * i + 1);
        pairs[i] = _mm_unpacklo_epi16(even, odd);
        pairs[i + 4] = _mm_unpackhi_epi16(even, odd);
    }
    for (int i = 0; i < 4; i++) {
        fours[i] = _mm_unpacklo_epi32(pairs[2 * i], pairs[2 * i + 1]);
        fours[i + 4] = _mm_unpackhi_epi32(pairs[2 * i], pairs[2 * i + 1]);
    }
    for (int half = 0; half < 2; half++) {
        to[4 * half] = _mm_unpacklo_epi64(fours[2 * half], fours[2 * half + 1]);
        to[4 * half + 1] = _mm_unpackhi_epi64(fours[2 * half], fours[2 * half + 1]);
        to[4 * half + 2] = _mm_unpacklo_epi64(fours[2 * half + 4], fours[2 * half + 5]);
        to[4 * half + 3] = _mm_unpackhi_epi64(fours[2 * half + 4], fours[2 * half + 5]);
    }
}

// c[16×8] += a[16×16] · b[16×8] of the fragments in the warp: every product is exact in float32, sums are in float32. One register of a
// warp holds an 8×8 part of a row by row, or of b column by column.
template <__m256 (*Convert)(__m128i)> static void multiply(Warp& warp, float* sums) {
    float a[16][16];
    for (int i = 0; i < 4; i++)
        for (int row = 0; row < 8; row++)
            _mm256_storeu_ps(&a[row + i % 2 * 8][i / 2 * 8], Convert(_mm_loadu_si128((const __m128i*)warp.a[i] + row)));
    __m256 b[16];
    for (int i = 0; i < 2; i++) {
        __m128i rows[8];
        transpose(warp.b[i], rows);
        for (int k = 0; k < 8; k++)
            b[i * 8 + k] = Convert(rows[k]);
    }
    for (int row = 0; row < 16; row++) {
        __m256 sum = _mm256_loadu_ps(&sums[row * 8]);
        for (int k = 0; k < 16; k++)
            sum = _mm256_add_ps(sum, _mm256_mul_ps(_mm256_set1_ps(a[row][k]), b[k]));
        _mm256_storeu_ps(&sums[row * 8], sum);
    }
}

template <__m256 (*Convert)(__m128i)> static Sums multiply(Sums c, Rows a, uint32_t b0, uint32_t b1, Site site) {
    static const char operation = 0;
    Worker& w = *worker;
    Thread& self = *w.current;
    Warp& warp = *self.warp;
    float* sums = warp.sums[warp.phase & 1];
    // The lane's part: two neighbours of row `group`, two of row group + 8.
    float* upper = &sums[self.lane / 4 * 8 + self.lane % 4 * 2];
    float* lower = upper + 8 * 8;
    upper[0] = c.v[0], upper[1] = c.v[1], lower[0] = c.v[2], lower[1] = c.v[3];
    for (int i = 0; i < 4; i++)
        warp.a[i][self.lane] = a.v[i];
    warp.b[0][self.lane] = b0;
    warp.b[1][self.lane] = b1;
    if (arrive(w, &operation, site)) {
        multiply<Convert>(warp, sums);
        release(w);
    }
    return {{upper[0], upper[1], lower[0], lower[1]}};
}

Sums multiply_half(Sums c, Rows a, uint32_t b0, uint32_t b1, Site site) { return multiply<from_half>(c, a, b0, b1, site); }
Sums multiply_bfloat(Sums c, Rows a, uint32_t b0, uint32_t b1, Site site) { return multiply<from_bfloat>(c, a, b0, b1, site); }

// Every lane's row, as it was when the lane came.
static const uint16_t (*gather_rows(const void* row, const void* operation, Site site, const void* caller))[8] {
    Worker& w = *worker;
    Thread& self = *w.current;
    self.site = site;
    check_alignment(row, 16, caller);
    check_shared(row, 16);
    check_access(row, 16, Access::Read, caller);
    auto& rows = self.warp->rows[self.warp->phase & 1];
    memcpy(rows[self.lane], row, 16);
    if (arrive(w, operation, site))
        release(w);
    return rows;
}

Rows load_matrices(const void* row, Site site) {
    static const char operation = 0;
    const uint16_t (*rows)[8] = gather_rows(row, &operation, site, __builtin_return_address(0));
    int group = worker->current->lane / 4, pair = worker->current->lane % 4 * 2;
    Rows result;
    for (int i = 0; i < 4; i++)
        memcpy(&result.v[i], &rows[i * 8 + group][pair], 4);
    return result;
}

Rows load_matrices_transposed(const void* row, Site site) {
    static const char operation = 0;
    const uint16_t (*rows)[8] = gather_rows(row, &operation, site, __builtin_return_address(0));
    int group = worker->current->lane / 4, pair = worker->current->lane % 4 * 2;
    Rows result;
    for (int i = 0; i < 4; i++)
        result.v[i] = (uint32_t)rows[i * 8 + pair + 1][group] << 16 | rows[i * 8 + pair][group];
    return result;
}

}
