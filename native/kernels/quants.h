// Decoding of GGUF's blocks: every type of weights that kernels take. See weights.h for what a type gives.
#pragma once
#include "small_blocks.h"
#include "super_blocks.h"

// Every type with the suffix of its kernels.
#define EVERY_TYPE(X) X(F32, f32) EVERY_TYPE_BUT_F32(X)
#define EVERY_TYPE_BUT_F32(X) X(F16, f16) X(BF16, bf16) EVERY_QUANTIZED_TYPE(X)
#define EVERY_QUANTIZED_TYPE(X) \
    X(Q8_0, q8_0) X(Q4_0, q4_0) X(Q4_1, q4_1) X(Q5_0, q5_0) X(Q5_1, q5_1) X(Q2_K, q2_k) X(Q3_K, q3_k) X(Q4_K, q4_k) X(Q5_K, q5_k) \
    X(Q6_K, q6_k) X(IQ4_NL, iq4_nl) X(IQ4_XS, iq4_xs)
