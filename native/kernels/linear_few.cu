// Linear layer for one to eight rows: output = input · weightᵀ + bias, all sums in float32.
//
//   input [rows, inputs], weight [outputs, inputs] of any type → output [rows, outputs]
//   Bytes moved: outputs · row_bytes, each weight once; the activations stay in the caches. Floor: these over the memory bandwidth;
//   for eight rows of 4-bit weights the multiply-adds come close. Decoding a 4-bit weight exactly takes five instructions, which is what
//   bounds one row where the memory gives more than some 12 bytes a clock and multiprocessor.
//
// A block computes FEW_OUTPUTS outputs; its threads share out the parts of their weight rows, and there are no more warps than parts for
// them. Each thread first sends for its parts of all outputs, then decodes run by run and multiplies with the same activations. A row's sum
// is: per thread its parts in order, then over the warp, then over the warps. Nothing of this depends on the number of rows, so neither
// does the result, bit for bit.
#include "kernels.h"
#include "quants.h"

constexpr int FEW_WARPS = 4; // at most
constexpr int FEW_THREADS = 32 * FEW_WARPS;
constexpr int FEW_OUTPUTS = 2;
constexpr int FEW_ROWS = 8;

// Eight activations from a column that is a multiple of 8; what lies beyond the row is undefined, so it is not read.
template <bool Cut> DEVICE void load_activations(const float* row, int column, int inputs, float (&x)[8]) {
    if constexpr (Cut) {
        UNROLLED for (int i = 0; i < 8; i++)
            x[i] = column + i < inputs ? row[column + i] : 0.0f;
    } else {
        Floats4 low = load<Floats4>(row + column), high = load<Floats4>(row + column + 4);
        x[0] = low.x, x[1] = low.y, x[2] = low.z, x[3] = low.w;
        x[4] = high.x, x[5] = high.y, x[6] = high.z, x[7] = high.w;
    }
}

// Adds one part's products: of every output, with every row.
template <class Q, int Rows, bool Cut = false> DEVICE void add_part(const LinearArguments& args, int part, const typename Q::Raw (&raw)[FEW_OUTPUTS], float (&sums)[FEW_OUTPUTS][Rows]) {
    UNROLLED for (int run = 0; run < Q::RUNS; run++) {
        float weights[FEW_OUTPUTS][8], x[8];
        UNROLLED for (int o = 0; o < FEW_OUTPUTS; o++)
            Q::decode(raw[o], run, weights[o]);
        UNROLLED for (int row = 0; row < Rows; row++) {
            if (row >= args.rows)
                continue;
            load_activations<Cut>(args.input + (int64_t)row * args.input_stride, Q::column(part, run), args.inputs, x);
            UNROLLED for (int o = 0; o < FEW_OUTPUTS; o++)
                UNROLLED for (int i = 0; i < 8; i++)
                    sums[o][row] = fused(weights[o][i], x[i], sums[o][row]);
        }
    }
}

template <class Q, int Rows> DEVICE void add_parts(const LinearArguments& args, int first_output, float (&sums)[FEW_OUTPUTS][Rows]) {
    constexpr int InFlight = Q::IN_FLIGHT;
    const uint8_t* weights[FEW_OUTPUTS];
    // A block at the edge computes the last output twice rather than reading beyond the matrix.
    UNROLLED for (int o = 0; o < FEW_OUTPUTS; o++)
        weights[o] = (const uint8_t*)args.weight + smaller(first_output + o, args.outputs - 1) * args.row_bytes;
    bool wide = args.row_bytes % 16 == 0;
    bool cut = Q::CUT && args.inputs % Q::PART != 0;
    int parts = Q::parts(args.inputs) - cut, threads = block_threads();
    for (int first = thread_x(); first < parts; first += threads * InFlight) {
        typename Q::Raw raw[InFlight][FEW_OUTPUTS];
        UNROLLED for (int k = 0; k < InFlight; k++)
            UNROLLED for (int o = 0; o < FEW_OUTPUTS; o++)
                raw[k][o] = Q::fetch(weights[o], smaller(first + k * threads, parts - 1), args.inputs, wide);
        UNROLLED for (int k = 0; k < InFlight; k++)
            if (first + k * threads < parts)
                add_part<Q, Rows>(args, first + k * threads, raw[k], sums);
    }
    if (cut && thread_x() == 0) {
        typename Q::Raw raw[FEW_OUTPUTS];
        UNROLLED for (int o = 0; o < FEW_OUTPUTS; o++)
            raw[o] = Q::fetch(weights[o], parts, args.inputs, false);
        add_part<Q, Rows, true>(args, parts, raw, sums);
    }
}

template <class Q, int Rows> DEVICE void linear_few(const LinearArguments& args, float* partials) {
    int first_output = block_x() * FEW_OUTPUTS;
    float sums[FEW_OUTPUTS][Rows] = {};
    add_parts<Q, Rows>(args, first_output, sums);
    UNROLLED for (int o = 0; o < FEW_OUTPUTS; o++) {
        UNROLLED for (int row = 0; row < Rows; row++) {
            if (row >= args.rows)
                continue;
            float sum = warp_sum(sums[o][row]);
            if (lane() == 0)
                partials[(warp() * FEW_OUTPUTS + o) * Rows + row] = sum;
        }
    }
    block_barrier();
    int o = thread_x() / Rows, row = thread_x() % Rows, output = first_output + o;
    if (o >= FEW_OUTPUTS || row >= args.rows || output >= args.outputs)
        return;
    float sum = 0;
    for (int w = 0; w < block_threads() / 32; w++)
        sum += partials[(w * FEW_OUTPUTS + o) * Rows + row];
    args.output[(int64_t)row * args.output_stride + output] = args.bias == nullptr ? sum : sum + args.bias[output];
}

// Launch: grid (outputs / FEW_OUTPUTS, rounded up), 32 to 128 threads: a warp for every 32 parts. linear_few takes 1 to 8
// rows, linear_one one, the same bits with fewer registers.
#define LINEAR_FEW(Type, name) \
    KERNEL(linear_few_##name, LinearArguments, FEW_THREADS) { SHARED(float, partials, FEW_WARPS * FEW_OUTPUTS * FEW_ROWS); linear_few<Type, FEW_ROWS>(args, partials); } \
    KERNEL(linear_one_##name, LinearArguments, FEW_THREADS) { SHARED(float, partials, FEW_WARPS * FEW_OUTPUTS); linear_few<Type, 1>(args, partials); }
EVERY_TYPE(LINEAR_FEW)
