// Linear layer for many rows of float32 weights, without rounding anything to 16 bits: output = input · weightᵀ + bias.
//
//   input [rows, inputs], weight [outputs, inputs] → output [rows, outputs], all float32
//   Operations: 2 · rows · inputs · outputs; bytes moved: 4 · outputs · inputs per 64 rows, 4 · rows · inputs per 64 outputs. Floor: the
//   operations over the float32 rate of the ordinary arithmetic units.
//
// A block computes 64 × 64 outputs, a thread 4 × 4 of them; every element is one chain of fused multiply-adds over the inputs in order.
#include "kernels.h"

constexpr int TILE = 64;
constexpr int STEP = 16;
// Both tiles stand in shared memory by input, so that a thread reads its four rows, and its four outputs, in one access.
constexpr int PITCH = TILE + 4;
constexpr int TILE_THREADS = 256;
constexpr int MOVED = TILE * STEP / TILE_THREADS;

// Element `index` of the tile of [count, inputs] at (first, column); zeros outside. Sixteen neighbouring threads take 64 bytes of a row.
DEVICE float element(const float* matrix, int64_t stride, int count, int inputs, int first, int column, int index) {
    int row = first + index / STEP, input = column + index % STEP;
    return row < count && input < inputs ? matrix[row * stride + input] : 0.0f;
}

// Launch: grid (rows / 64, outputs / 64), both rounded up, 256 threads.
KERNEL(linear_many_f32, LinearArguments, TILE_THREADS) {
    SHARED(float, input_tile, STEP * PITCH);
    SHARED(float, weight_tile, STEP * PITCH);
    int first_row = block_x() * TILE, first_output = block_y() * TILE;
    int row = thread_x() / 16 * 4, output = thread_x() % 16 * 4;
    float sums[4][4] = {};
    for (int column = 0; column < args.inputs; column += STEP) {
        for (int k = 0; k < MOVED; k++) {
            int index = thread_x() + k * TILE_THREADS, place = index % STEP * PITCH + index / STEP;
            input_tile[place] = element(args.input, args.input_stride, args.rows, args.inputs, first_row, column, index);
            weight_tile[place] = element((const float*)args.weight, args.row_bytes / 4, args.outputs, args.inputs, first_output, column, index);
        }
        block_barrier();
        // Past the last input nothing is added, as the order of a sum is its inputs' alone.
        int count = smaller(STEP, args.inputs - column);
        for (int i = 0; i < count; i++) {
            Floats4 x = load<Floats4>(input_tile + i * PITCH + row), w = load<Floats4>(weight_tile + i * PITCH + output);
            float xs[4] = {x.x, x.y, x.z, x.w}, ws[4] = {w.x, w.y, w.z, w.w};
            for (int r = 0; r < 4; r++)
                for (int o = 0; o < 4; o++)
                    sums[r][o] = fused(xs[r], ws[o], sums[r][o]);
        }
        block_barrier();
    }
    for (int r = 0; r < 4; r++)
        for (int o = 0; o < 4; o++)
            if (first_row + row + r < args.rows && first_output + output + o < args.outputs)
                args.output[(int64_t)(first_row + row + r) * args.output_stride + first_output + output + o] =
                    args.bias == nullptr ? sums[r][o] : sums[r][o] + args.bias[first_output + output + o];
}
