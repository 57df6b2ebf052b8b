// What the kernels take: one struct each. The C# side has the same structs (Backends/Cuda/Kernels/KernelArguments.cs), field by
// field in this order; a test compares the sizes.
//
// All pointers are device addresses. Activations are rows of float32 whose first element is 16-byte aligned: `stride` floats from
// one row to the next, a multiple of 4; what lies between a row's columns and the stride is undefined. Weights are stored as in
// GGUF files, row by row, `row_bytes` from one row to the next; a row is whole blocks. Shapes are [rows, columns].
#pragma once
#include "device.h"

// --- the batch plan on the device ---

// A sequence's part of the plan.
struct PlanSequence {
    int32_t first_row;      // its first row
    int32_t row_count;      // its rows; 0: padding
    int32_t first_position; // position of its first row
    int32_t first_block;    // where its block table starts in block_tables
};

// --- embed.cu: embed_<type> ---
// Rows of a table; a row of NaN where the id is none of the vocabulary.
struct EmbedArguments {
    const void* table;      // [vocabulary, columns]
    const int32_t* tokens;  // [rows]; ~k: the token that the step before drew for its row k
    const int32_t* drawn;   // what the step before drew
    float* output;          // [rows, columns]
    int64_t row_bytes;
    int32_t columns, output_stride, rows, vocabulary;
};

// --- rms_norm.cu: rms_norm ---
struct RmsNormArguments {
    float* residual;        // [rows, columns]; delta is added to it
    const float* delta;     // [rows, columns]; null: nothing
    const float* weight;    // [columns]
    float* output;          // [rows, columns]
    int32_t residual_stride, delta_stride, output_stride, columns, rows;
    float epsilon;
};

// --- linear_few.cu: linear_few_<type> for 1 to 8 rows, linear_one_<type> for one; linear_many_f32.cu: linear_many_f32 ---
// output = input · weightᵀ + bias, activations in float32.
struct LinearArguments {
    const void* weight;     // [outputs, inputs]
    const float* bias;      // [outputs]; null: none
    const float* input;     // [rows, inputs]
    float* output;          // [rows, outputs]
    int64_t row_bytes;
    int32_t input_stride, output_stride, inputs, outputs, rows;
};

// --- round_rows.cu: round_rows_f16, round_rows_bf16 ---
// 16-bit copies of rows for the tensor cores. f16: a row whose largest magnitude is over 32,768 or below 1 is divided by a power of two
// first.
struct RoundRowsArguments {
    const float* input;     // [rows, columns]
    uint16_t* output;       // [rows, stride]: columns, then zeros up to the stride
    float* scales;          // [rows]: what the row was divided by
    int32_t input_stride, output_stride, columns, rows; // output_stride: columns rounded up to a multiple of 64
};

// --- linear_many.cu: linear_many_<type>, and linear_tile16_<type> for up to 16 rows (all but f32) ---
// The same on tensor cores. bf16 weights take rows of bf16, all others rows of f16.
struct LinearManyArguments {
    const void* weight;     // [outputs, inputs]
    const float* bias;      // [outputs]; null: none
    const uint16_t* input;  // [rows, inputs] of round_rows
    const float* scales;    // [rows]
    float* output;          // [rows, outputs]
    int64_t row_bytes;
    int32_t input_stride, output_stride, inputs, outputs, rows;
};

// --- rotate_and_store.cu: rotate_and_store_<kv type> ---
// The KV cache: block b of layer l starts at cache + b · block_bytes + l · layer_bytes. There stand the keys of every head as
// [position][value], then at value_offset the values of every head likewise. q8_0: bytes, and at key_scale_offset and
// value_scale_offset half-precision scales as [head][position][group of 32 values, the last one shorter].
struct CacheView {
    uint8_t* layer;         // cache + l · layer_bytes: the layer's part of block 0
    int64_t block_bytes;    // from one block to the next
    int64_t value_offset, key_scale_offset, value_scale_offset; // from a block's layer on
    int32_t key_value_heads, head_size, block_size;
    int32_t reserved;
};
struct RotateAndStoreArguments {
    CacheView cache;
    float* qkv;             // [rows, (heads + 2 · key_value_heads) · head_size]; queries are rotated in place, keys need not be
    const float* table;     // [positions][dimension / 2] of (cosine, sine)
    const int32_t* positions;   // [rows]
    const int32_t* cache_slots; // [rows]: block · block_size + offset; negative: a padding row, which is not stored
    int32_t stride, heads, dimension, rows;
    int32_t interleaved;    // 0: pairs (i, i + dimension / 2); 1: pairs (2i, 2i + 1)
    int32_t reserved;
};

// --- attend_decode.cu: attend_decode_<kv type>, attend_combine; attend_prefill.cu: attend_prefill_<kv type> ---
struct AttendArguments {
    CacheView cache;
    const float* qkv;           // [rows, …] after rotation: a row begins with the queries [heads, head_size]
    float* output;              // [rows, heads · head_size]
    const int32_t* positions;       // [rows]
    const int32_t* row_sequences;   // [rows]; negative: a padding row, whose output is undefined
    const PlanSequence* sequences;  // [sequences]
    const int32_t* block_tables;    // see PlanSequence
    float* partials;            // decode: [rows][heads][chunks][head_size + 2]: a chunk's weighted sum of values, its largest score, its sum of weights
    int32_t qkv_stride, output_stride, heads, rows;
    int32_t chunks;             // decode: chunks of ATTEND_CHUNK positions that the longest context of the plan has, or more
    int32_t window;             // positions a query sees, its own included
    int32_t first_row;          // rows before it are left alone
    int32_t tile_count;         // prefill: entries of tiles
    const int32_t* tiles;       // prefill: [tile_count][3]: first row, rows (at most ATTEND_TILE_ROWS), sequence
    float scale;                // 1 / sqrt(head_size)
    int32_t reserved;
};
// Positions one block of the decode kernel attends to. Chunks start at multiples of it, so a row's result depends on its own context only.
constexpr int ATTEND_CHUNK = 256;
// Query rows of one block of the prefill kernel.
constexpr int ATTEND_TILE_ROWS = 64;

// --- swiglu.cu: swiglu ---
struct SwiGluArguments {
    const float* gate_up;   // [rows, 2 · columns]
    float* output;          // [rows, columns]
    int32_t input_stride, output_stride, columns, rows;
};

// --- select_rows.cu: select_rows ---
struct SelectRowsArguments {
    const int32_t* indices; // [rows]
    const float* source;    // [·, columns]
    float* output;          // [rows, columns]
    int32_t source_stride, output_stride, columns, rows;
};

// --- sample.cu: sample ---
// How one row is sampled; the same fields and order as LlamaEngine.Backends.RowSampling.
struct RowSampling {
    double fraction;        // of [0, 1): where the draw falls
    int32_t logit_row;      // the row of logits; negative: nothing is sampled
    float temperature;      // 0: the best
    int32_t top_k;          // 0: all
    float top_p, min_p;     // 1 and 0: all
    float repetition_penalty, presence_penalty, frequency_penalty; // 1, 0, 0: none
    int32_t pending_token;  // k >= 0: the token that the step before drew for its row k counts as generated, too; negative: none
    int32_t first_adjustment, adjustment_count;
    int32_t first_seen, seen_count;
    int32_t mask;           // which of the masks, negative: none
};
// Added to a logit; -inf forbids the token, whatever else. A row has at most one finite bias for a token.
struct LogitAdjustment { int32_t token; float bias; };
// A token of the penalty window: how often it was generated there (0: it stands in the prompt only).
struct SeenToken { int32_t token; int32_t generated; };
struct SampleArguments {
    float* logits;                  // [·, vocabulary], at most 2^20 columns; overwritten, so a row is sampled once
    const RowSampling* rows_sampling; // [rows]
    const LogitAdjustment* adjustments;
    const SeenToken* seen;
    const uint32_t* masks;          // [·][(vocabulary + 31) / 32]: bit t % 32 of word t / 32: token t is allowed
    const int32_t* drawn_before;    // what the step before drew
    int32_t* drawn;                 // [rows]: the token; SAMPLE_NOT_FINITE, SAMPLE_NONE_ALLOWED
    float* scratch;                 // [rows][vocabulary]
    int32_t logits_stride, vocabulary, rows, mask_words;
};
constexpr int SAMPLE_NOT_FINITE = -1;   // a logit is NaN or +inf
constexpr int SAMPLE_NONE_ALLOWED = -2; // every token is forbidden
