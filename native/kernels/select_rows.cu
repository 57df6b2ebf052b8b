// select_rows: output[i] = source[indices[i]]; a negative index leaves its row alone.
//
// Shapes: indices [rows], source [·, columns], output [rows, columns].
// Bytes moved: 8 · rows · columns. The floor is those bytes over memory bandwidth.
#include "kernels.h"

constexpr int SELECT_ROWS_THREADS = 256;

// Launch: grid (rows, columns / (4 · SELECT_ROWS_THREADS) rounded up), block (SELECT_ROWS_THREADS). A thread copies four neighbours.
KERNEL(select_rows, SelectRowsArguments, SELECT_ROWS_THREADS) {
    int64_t row = block_x();
    int index = args.indices[row];
    if (index < 0)
        return;
    const float* source = args.source + (int64_t)index * args.source_stride;
    float* output = args.output + row * args.output_stride;
    int first = 4 * (block_y() * SELECT_ROWS_THREADS + thread_x());
    if (first + 4 <= args.columns)
        store(output + first, load<Floats4>(source + first));
    else
        for (int i = first; i < args.columns; i++)
            output[i] = source[i];
}
