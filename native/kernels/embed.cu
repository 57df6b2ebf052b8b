// Embedding: output[row] = table[id of row], decoded to float32.
//
//   tokens [rows] → output [rows, columns]; table [vocabulary, columns] of any type
//   An id below 0 means drawn[~id], so that a step can begin before the host has seen what the step before drew. Where the id is
//   still none of the vocabulary (the step before drew nothing), the row becomes NaN, which sampling reports.
//   Bytes moved: rows · (row_bytes + 4 · columns). Floor: these over the memory bandwidth; in practice the launch.
#include "kernels.h"
#include "quants.h"

constexpr int EMBED_THREADS = 128;

template <class Q> DEVICE void embed(const EmbedArguments& args) {
    int row = block_x(), token = args.tokens[row];
    if (token < 0)
        token = args.drawn[~token];
    float* output = args.output + (int64_t)row * args.output_stride;
    if (token < 0 || token >= args.vocabulary) {
        for (int i = thread_x(); i < args.columns; i += EMBED_THREADS)
            output[i] = as_float(0x7fc00000u);
        return;
    }
    const uint8_t* source = (const uint8_t*)args.table + token * args.row_bytes;
    bool wide = args.row_bytes % 16 == 0;
    for (int part = thread_x(); part < Q::parts(args.columns); part += EMBED_THREADS) {
        typename Q::Raw raw = Q::fetch(source, part, args.columns, wide);
        UNROLLED for (int run = 0; run < Q::RUNS; run++) {
            float values[8];
            Q::decode(raw, run, values);
            int column = Q::column(part, run);
            if (!Q::CUT || column + 8 <= args.columns) {
                store(output + column, Floats4{values[0], values[1], values[2], values[3]});
                store(output + column + 4, Floats4{values[4], values[5], values[6], values[7]});
            } else {
                UNROLLED for (int i = 0; i < 8; i++)
                    if (column + i < args.columns)
                        output[column + i] = values[i];
            }
        }
    }
}

// Launch: grid (rows), 128 threads.
#define EMBED(Type, name) KERNEL(embed_##name, EmbedArguments, EMBED_THREADS) { embed<Type>(args); }
EVERY_TYPE(EMBED)
