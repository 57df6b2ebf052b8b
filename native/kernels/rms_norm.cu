// rms_norm: residual += delta where there is one; output = residual / sqrt(mean(residual²) + epsilon) · weight, row by row
// (Zhang and Sennrich 2019, arXiv 1910.07467).
//
// Shapes: residual, delta, output [rows, columns]; weight [columns], 16-byte aligned. Any number of columns.
// Bytes moved: residual and delta read, residual and output written, 16 · rows · columns (8 without delta), and the weight; the
// second reading of the residual finds it in the cache next to the multiprocessor. The floor is those bytes over memory
// bandwidth; with few rows it is the latency of two passes and one reduction.
// Order of additions: a thread's own values ascending, then its warp, then the warps ascending. It follows from the columns alone.
#include "kernels.h"

namespace norm {

constexpr int RMS_NORM_THREADS = 256; // most threads of a row; the launch takes fewer for narrow rows

// Adds the delta to four or fewer values from `first` on and continues the sum of squares.
DEVICE float add_and_square(float* residual, const float* delta, int first, int count, float squares) {
    for (int i = first; i < first + count; i++) {
        float value = residual[i];
        if (delta != nullptr)
            residual[i] = value += delta[i];
        squares = fused(value, value, squares);
    }
    return squares;
}

// The same for four values at once.
DEVICE float add_and_square4(float* residual, const float* delta, int first, float squares) {
    Floats4 value = load<Floats4>(residual + first);
    if (delta != nullptr) {
        Floats4 more = load<Floats4>(delta + first);
        value = Floats4{value.x + more.x, value.y + more.y, value.z + more.z, value.w + more.w};
        store(residual + first, value);
    }
    return fused(value.w, value.w, fused(value.z, value.z, fused(value.y, value.y, fused(value.x, value.x, squares))));
}

// The sum over the block, alike in every thread.
DEVICE float block_sum(float value, float* warp_sums) {
    value = warp_sum(value);
    if (lane() == 0)
        warp_sums[warp()] = value;
    block_barrier();
    float total = 0;
    for (int i = 0; i < block_threads() / 32; i++)
        total += warp_sums[i];
    return total;
}

// Launch: grid (rows), block (columns / 4 rounded up to warps, at most RMS_NORM_THREADS).
KERNEL(rms_norm, RmsNormArguments, RMS_NORM_THREADS) {
    SHARED(float, warp_sums, RMS_NORM_THREADS / 32);
    int64_t row = block_x();
    float* residual = args.residual + row * args.residual_stride;
    const float* delta = args.delta == nullptr ? nullptr : args.delta + row * args.delta_stride;
    float* output = args.output + row * args.output_stride;
    int whole = args.columns & ~3, rest = args.columns - whole;

    float squares = 0;
    for (int i = 4 * thread_x(); i < whole; i += 4 * block_threads())
        squares = add_and_square4(residual, delta, i, squares);
    if (thread_x() == 0)
        squares = add_and_square(residual, delta, whole, rest, squares);
    float scale = 1.0f / square_root(block_sum(squares, warp_sums) / (float)args.columns + args.epsilon);

    // Every thread reads again what it wrote itself: no barrier is needed.
    for (int i = 4 * thread_x(); i < whole; i += 4 * block_threads()) {
        Floats4 value = load<Floats4>(residual + i), weight = load<Floats4>(args.weight + i);
        store(output + i, Floats4{value.x * scale * weight.x, value.y * scale * weight.y, value.z * scale * weight.z, value.w * scale * weight.w});
    }
    if (thread_x() == 0)
        for (int i = whole; i < args.columns; i++)
            output[i] = residual[i] * scale * args.weight[i];
}

}
