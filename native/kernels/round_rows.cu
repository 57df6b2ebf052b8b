// 16-bit copies of rows, for the tensor cores.
//
//   input [rows, columns] of float32 → output [rows, output_stride] of f16 or bf16, zeros behind the columns; scales [rows]
//   f16: a row whose largest finite magnitude is above 2^15 or below 1 is divided by the power of two that brings it into [2^14, 2^15),
//   so that nothing overflows and little falls below the smallest normal number; dividing loses nothing. Infinity and NaN stay what they are.
//   bf16 has the range of float32: the scale is 1.
//   Bytes moved: rows · (4 · columns, read twice for f16, the second time from the cache, + 2 · output_stride). Floor: these over the bandwidth.
#include "kernels.h"
#include "weights.h"

constexpr int ROUND_THREADS = 256;
constexpr int ROUND_WARPS = ROUND_THREADS / 32;

// The largest magnitude in the row that is no infinity.
DEVICE float largest_finite(const float* input, int columns, float* partials) {
    float largest = 0;
    for (int i = thread_x(); i < columns; i += ROUND_THREADS) {
        float m = magnitude(input[i]);
        largest = larger(largest, bits(m) < 0x7f800000u ? m : 0.0f);
    }
    largest = warp_largest(largest);
    if (lane() == 0)
        partials[warp()] = largest;
    block_barrier();
    for (int w = 0; w < ROUND_WARPS; w++)
        largest = larger(largest, partials[w]);
    return largest;
}

// The exponent of what a row is divided by: both 2^e and 2^-e must be normal numbers.
DEVICE int scale_exponent(float largest) {
    if (largest == 0 || (largest >= 1 && largest <= 32768))
        return 0;
    int exponent = (int)(bits(largest) >> 23) - 127;
    return larger(exponent - 14, -126);
}

DEVICE float power_of_two(int exponent) { return as_float((uint32_t)(exponent + 127) << 23); }

DEVICE void round_row(const RoundRowsArguments& args, float* partials, bool half) {
    int row = block_x();
    const float* input = args.input + (int64_t)row * args.input_stride;
    uint16_t* output = args.output + (int64_t)row * args.output_stride;
    int exponent = half ? scale_exponent(largest_finite(input, args.columns, partials)) : 0;
    float factor = power_of_two(-exponent);
    if (thread_x() == 0)
        args.scales[row] = power_of_two(exponent);
    for (int i = 2 * thread_x(); i < args.output_stride; i += 2 * ROUND_THREADS) {
        float low = i < args.columns ? input[i] * factor : 0.0f, high = i + 1 < args.columns ? input[i + 1] * factor : 0.0f;
        store(output + i, half ? pack(float_to_half(low), float_to_half(high)) : pack(float_to_bfloat(low), float_to_bfloat(high)));
    }
}

// Launch: grid (rows), 256 threads.
KERNEL(round_rows_f16, RoundRowsArguments, ROUND_THREADS) { SHARED(float, partials, ROUND_WARPS); round_row(args, partials, true); }
KERNEL(round_rows_bf16, RoundRowsArguments, ROUND_THREADS) { round_row(args, nullptr, false); }
