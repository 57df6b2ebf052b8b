// The matrix operations of a warp, with the fragment layouts of device.h.
#include "engine.h"

#include <string.h>

namespace simt {

static float from_half(uint16_t v) { return _cvtsh_ss(v); }
static float from_bfloat(uint16_t v) {
    uint32_t bits = (uint32_t)v << 16;
    return __builtin_bit_cast(float, bits);
}

// c[16×8] += a[16×16] · b[16×8] of the fragments in the warp: every product is exact in float32, sums are in float32.
template <float (*Convert)(uint16_t)> static void multiply(Warp& warp, float* sums) {
    float a[16][16];
    alignas(32) float b[16][8];
    for (int lane = 0; lane < warp_size; lane++) {
        int group = lane / 4, pair = lane % 4 * 2;
        for (int i = 0; i < 4; i++) {
            float* at = &a[group + i % 2 * 8][pair + i / 2 * 8];
            at[0] = Convert((uint16_t)warp.a[i][lane]);
            at[1] = Convert((uint16_t)(warp.a[i][lane] >> 16));
        }
        for (int i = 0; i < 2; i++) {
            b[pair + i * 8][group] = Convert((uint16_t)warp.b[i][lane]);
            b[pair + i * 8 + 1][group] = Convert((uint16_t)(warp.b[i][lane] >> 16));
        }
    }
    for (int row = 0; row < 16; row++) {
        __m256 sum = _mm256_loadu_ps(&sums[row * 8]);
        for (int k = 0; k < 16; k++)
            sum = _mm256_add_ps(sum, _mm256_mul_ps(_mm256_set1_ps(a[row][k]), _mm256_load_ps(b[k])));
        _mm256_storeu_ps(&sums[row * 8], sum);
    }
}

template <float (*Convert)(uint16_t)> static Sums multiply(Sums c, Rows a, uint32_t b0, uint32_t b1, Site site) {
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
