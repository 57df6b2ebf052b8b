// swiglu: output = gate / (1 + e^-gate) · up for rows [gate | up] (Shazeer 2020, arXiv 2002.05202).
//
// Shapes: gate_up [rows, 2 · columns], output [rows, columns].
// Bytes moved: 12 · rows · columns. The floor is those bytes over memory bandwidth.
#include "kernels.h"

namespace gate {

constexpr int SWIGLU_THREADS = 256;

DEVICE float activate(float gate, float up) { return gate / (1.0f + exponential(-gate)) * up; }

// Launch: grid (rows, columns / (4 · SWIGLU_THREADS) rounded up), block (SWIGLU_THREADS). A thread computes four neighbours.
KERNEL(swiglu, SwiGluArguments, SWIGLU_THREADS) {
    int64_t row = block_x();
    const float* gate = args.gate_up + row * args.input_stride;
    const float* up = gate + args.columns;
    float* output = args.output + row * args.output_stride;
    int first = 4 * (block_y() * SWIGLU_THREADS + thread_x());
    if (args.columns % 4 == 0 && first < args.columns) {
        Floats4 g = load<Floats4>(gate + first), u = load<Floats4>(up + first);
        store(output + first, Floats4{activate(g.x, u.x), activate(g.y, u.y), activate(g.z, u.z), activate(g.w, u.w)});
        return;
    }
    // The second half of such a row starts anywhere.
    for (int i = first; i < smaller(first + 4, args.columns); i++)
        output[i] = activate(gate[i], up[i]);
}

}
