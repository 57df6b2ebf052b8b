// Linear layer for many rows, on tensor cores: output = input · weightᵀ · scale of the row + bias.
//
//   input [rows, inputs] of 16 bits (round_rows), weight [outputs, inputs] of any type → output [rows, outputs] of float32
//   Operations: 2 · rows · inputs · outputs; bytes moved: each weight once per MANY_ROWS rows (mostly from the second-level cache),
//   each activation once per MANY_OUTPUTS outputs. Floor: the operations over the tensor cores' 16-bit rate, for few rows the weights'
//   bytes over the memory bandwidth.
//
// A block computes a tile of the output. It goes through the inputs 128 at a time: while the tensor cores work on one step in shared
// memory, the registers receive the next one; weights are decoded and rounded to 16 bits (half precision, bfloat16 for BF16) on their
// way to shared memory. Every element is one sum over the inputs in order, whatever the tile: neither the number of rows nor the tile's
// shape changes a result.
//
// Weights must be within the range of half precision, as weights are: one above 65,504 becomes an infinity.
#include "kernels.h"
#include "quants.h"

constexpr int MANY_STEP = 128;
// From one row to the next in shared memory: 16 bytes more than a step, so that eight rows' 16-byte accesses meet all banks.
constexpr int MANY_PITCH = MANY_STEP + 8;

// A tile of Rows × Outputs, each warp computing 16·M × 8·N of it.
template <int Rows, int Outputs, int M, int N> struct Tile {
    static constexpr int ROWS = Rows, OUTPUTS = Outputs, ROW_BLOCKS = M, OUTPUT_BLOCKS = N;
    static constexpr int WARPS_DOWN = Rows / (16 * M), WARPS_ACROSS = Outputs / (8 * N), THREADS = 32 * WARPS_DOWN * WARPS_ACROSS;
    static constexpr int INPUT_VECTORS = Rows * (MANY_STEP / 8) / THREADS; // 16-byte vectors of activations a thread moves
    static constexpr int SHARED_VALUES = (Rows + Outputs) * MANY_PITCH;
    template <class Q> static constexpr int PARTS = Outputs * (MANY_STEP / Q::PART) / THREADS; // parts of weights a thread moves
    static_assert(INPUT_VECTORS * THREADS == Rows * (MANY_STEP / 8));
};
using ManyTile = Tile<64, 64, 2, 2>;
using FewTile = Tile<16, 32, 1, 1>;

// What a thread holds of the next step.
template <class Q, class T> struct Step {
    Words4 input[T::INPUT_VECTORS];
    typename Q::Raw weights[T::template PARTS<Q>];
    bool present[T::template PARTS<Q>]; // whether the part lies in the matrix
};

template <class Q, class T> DEVICE void fetch_step(const LinearManyArguments& args, int first_row, int first_output, int first, Step<Q, T>& step) {
    UNROLLED for (int k = 0; k < T::INPUT_VECTORS; k++) {
        int vector = thread_x() + k * T::THREADS, row = first_row + vector / (MANY_STEP / 8), column = first + vector % (MANY_STEP / 8) * 8;
        step.input[k] = row < args.rows && column < args.input_stride
            ? load<Words4>(args.input + (int64_t)row * args.input_stride + column) : Words4{0, 0, 0, 0};
    }
    constexpr int StepParts = MANY_STEP / Q::PART;
    bool wide = args.row_bytes % 16 == 0;
    UNROLLED for (int k = 0; k < T::template PARTS<Q>; k++) {
        int index = thread_x() + k * T::THREADS, output = first_output + index / StepParts, part = first / Q::PART + index % StepParts;
        step.present[k] = output < args.outputs && part < Q::parts(args.inputs);
        if (step.present[k])
            step.weights[k] = Q::fetch((const uint8_t*)args.weight + output * args.row_bytes, part, args.inputs, wide);
    }
}

// A run of weights in 16 bits.
template <class Q> DEVICE Words4 sixteen_bits(const typename Q::Raw& raw, int run) {
    if constexpr (Q::SIXTEEN_BITS) {
        return {raw.words[0], raw.words[1], raw.words[2], raw.words[3]};
    } else {
        float v[8];
        Q::decode(raw, run, v);
        return {pack(float_to_half(v[0]), float_to_half(v[1])), pack(float_to_half(v[2]), float_to_half(v[3])),
                pack(float_to_half(v[4]), float_to_half(v[5])), pack(float_to_half(v[6]), float_to_half(v[7]))};
    }
}

template <class Q, class T> DEVICE void store_step(const Step<Q, T>& step, uint16_t* inputs, uint16_t* weights) {
    UNROLLED for (int k = 0; k < T::INPUT_VECTORS; k++) {
        int vector = thread_x() + k * T::THREADS;
        store(inputs + vector / (MANY_STEP / 8) * MANY_PITCH + vector % (MANY_STEP / 8) * 8, step.input[k]);
    }
    constexpr int StepParts = MANY_STEP / Q::PART;
    UNROLLED for (int k = 0; k < T::template PARTS<Q>; k++) {
        int index = thread_x() + k * T::THREADS;
        uint16_t* row = weights + index / StepParts * MANY_PITCH;
        UNROLLED for (int run = 0; run < Q::RUNS; run++)
            store(row + Q::column(index % StepParts, run), step.present[k] ? sixteen_bits<Q>(step.weights[k], run) : Words4{0, 0, 0, 0});
    }
}

// A warp's part of the tile: sums[m][n] is 16 rows × 8 outputs, laid out as device.h says.
template <class Q, class T> DEVICE void multiply_step(const uint16_t* inputs, const uint16_t* weights, float (&sums)[T::ROW_BLOCKS][T::OUTPUT_BLOCKS][4]) {
    const uint16_t* a_first = inputs + (warp() / T::WARPS_ACROSS * 16 * T::ROW_BLOCKS + lane() % 16) * MANY_PITCH + lane() / 16 * 8;
    const uint16_t* b_first = weights + (warp() % T::WARPS_ACROSS * 8 * T::OUTPUT_BLOCKS + lane() % 8) * MANY_PITCH + lane() / 8 * 8;
    for (int k = 0; k < MANY_STEP; k += 32) {
        uint32_t a[2][T::ROW_BLOCKS][4], b[T::OUTPUT_BLOCKS][4];
        UNROLLED for (int m = 0; m < T::ROW_BLOCKS; m++) {
            load_matrices(a[0][m], a_first + 16 * m * MANY_PITCH + k);
            load_matrices(a[1][m], a_first + 16 * m * MANY_PITCH + k + 16);
        }
        UNROLLED for (int n = 0; n < T::OUTPUT_BLOCKS; n++)
            load_matrices(b[n], b_first + 8 * n * MANY_PITCH + k);
        UNROLLED for (int h = 0; h < 2; h++) {
            UNROLLED for (int n = 0; n < T::OUTPUT_BLOCKS; n++) {
                uint32_t column[2] = {b[n][2 * h], b[n][2 * h + 1]};
                UNROLLED for (int m = 0; m < T::ROW_BLOCKS; m++) {
                    if constexpr (Q::BFLOAT)
                        multiply_bfloat(sums[m][n], a[h][m], column);
                    else
                        multiply_half(sums[m][n], a[h][m], column);
                }
            }
        }
    }
}

template <class T> DEVICE void store_tile(const LinearManyArguments& args, int first_row, int first_output, const float (&sums)[T::ROW_BLOCKS][T::OUTPUT_BLOCKS][4]) {
    first_row += warp() / T::WARPS_ACROSS * 16 * T::ROW_BLOCKS + lane() / 4;
    first_output += warp() % T::WARPS_ACROSS * 8 * T::OUTPUT_BLOCKS + lane() % 4 * 2;
    UNROLLED for (int m = 0; m < T::ROW_BLOCKS; m++) {
        UNROLLED for (int half = 0; half < 2; half++) {
            int row = first_row + 16 * m + 8 * half;
            if (row >= args.rows)
                continue;
            float scale = args.scales[row];
            UNROLLED for (int n = 0; n < T::OUTPUT_BLOCKS; n++) {
                UNROLLED for (int i = 0; i < 2; i++) {
                    int output = first_output + 8 * n + i;
                    if (output >= args.outputs)
                        continue;
                    float value = sums[m][n][2 * half + i] * scale;
                    args.output[(int64_t)row * args.output_stride + output] = args.bias == nullptr ? value : value + args.bias[output];
                }
            }
        }
    }
}

template <class Q, class T> DEVICE void linear_many(const LinearManyArguments& args, uint16_t* shared) {
    int first_row = block_x() * T::ROWS, first_output = block_y() * T::OUTPUTS;
    uint16_t* inputs = shared;
    uint16_t* weights = shared + T::ROWS * MANY_PITCH;
    float sums[T::ROW_BLOCKS][T::OUTPUT_BLOCKS][4] = {};
    Step<Q, T> step;
    fetch_step(args, first_row, first_output, 0, step);
    for (int first = 0; first < args.inputs; first += MANY_STEP) {
        store_step(step, inputs, weights);
        block_barrier();
        if (first + MANY_STEP < args.inputs)
            fetch_step(args, first_row, first_output, first + MANY_STEP, step);
        multiply_step<Q, T>(inputs, weights, sums);
        block_barrier();
    }
    store_tile<T>(args, first_row, first_output, sums);
}

// Launch: grid (rows / tile's rows, outputs / tile's outputs), both rounded up. linear_many: 64 × 64 and 256 threads; linear_tile16: 16 × 32
// and 128 threads, the same bits, for up to 16 rows.
#define LINEAR_MANY(Type, name) \
    KERNEL(linear_many_##name, LinearManyArguments, ManyTile::THREADS) { SHARED(uint16_t, shared, ManyTile::SHARED_VALUES); linear_many<Type, ManyTile>(args, shared); } \
    KERNEL(linear_tile16_##name, LinearManyArguments, FewTile::THREADS) { SHARED(uint16_t, shared, FewTile::SHARED_VALUES); linear_many<Type, FewTile>(args, shared); }
EVERY_TYPE_BUT_F32(LINEAR_MANY)
