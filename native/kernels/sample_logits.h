// What happens to a row of logits before a token is chosen.
#pragma once
#include "sample_cutoff.h"

namespace sampling {

// Biases first, since forbidding is final: a row may bias a token and forbid it.
DEVICE void adjust(float* row, int vocabulary, const LogitAdjustment* adjustments, int count) {
    const float forbidden = as_float(0xff800000u);
    for (int i = thread_x(); i < count; i += SAMPLE_THREADS) {
        const LogitAdjustment adjustment = adjustments[i];
        if ((uint32_t)adjustment.token < (uint32_t)vocabulary && adjustment.bias != forbidden)
            row[adjustment.token] += adjustment.bias;
    }
    block_barrier();
    for (int i = thread_x(); i < count; i += SAMPLE_THREADS) {
        const LogitAdjustment adjustment = adjustments[i];
        if ((uint32_t)adjustment.token < (uint32_t)vocabulary && adjustment.bias == forbidden)
            row[adjustment.token] = forbidden;
    }
    block_barrier();
}

DEVICE float penalized(const RowSampling& row, float logit, int generated) {
    logit = logit > 0 ? logit / row.repetition_penalty : logit * row.repetition_penalty;
    return generated > 0 ? logit - (row.presence_penalty + (float)generated * row.frequency_penalty) : logit;
}

// Each token of the window once. The pending one may be among them; if it is not, it comes last.
DEVICE void penalize(const SampleRoom& room, const RowSampling& row, float* logits, int vocabulary, const SeenToken* seen, int pending) {
    if (thread_x() == 0)
        room.words[0] = 0;
    block_barrier();
    for (int i = thread_x(); i < row.seen_count; i += SAMPLE_THREADS) {
        const SeenToken token = seen[i];
        const bool again = token.token == pending;
        if (again)
            room.words[0] = 1;
        if ((uint32_t)token.token < (uint32_t)vocabulary)
            logits[token.token] = penalized(row, logits[token.token], token.generated + (again ? 1 : 0));
    }
    block_barrier();
    if (thread_x() == 0 && room.words[0] == 0 && (uint32_t)pending < (uint32_t)vocabulary)
        logits[pending] = penalized(row, logits[pending], 1);
    block_barrier();
}

// The best logit's key and the complement of its token: the larger, the better, and the lower token among equals. All bits: a logit is
// NaN or +inf. Tokens whose bit in the mask is 0 are forbidden.
DEVICE uint64_t best_of(const SampleRoom& room, float* row, int vocabulary, const uint32_t* mask) {
    uint64_t best = 0;
    visit_part(Candidates{ row, nullptr, vocabulary }, part_of_warp(0, vocabulary), [&](int token, float& logit) {
        const bool forbid = mask && (mask[token >> 5] >> (token & 31) & 1) == 0;
        if (forbid)
            logit = as_float(0xff800000u);
        const uint64_t key = logit < as_float(0x7f800000u) ? (uint64_t)key_of_logit(logit) << 32 | ~(uint32_t)token : ~(uint64_t)0;
        best = key > best ? key : best;
        return forbid;
    });
    for (int distance = 16; distance > 0; distance >>= 1) {
        const uint64_t other = shuffle_xor(best, distance);
        best = other > best ? other : best;
    }
    uint64_t* const keys = (uint64_t*)room.sums;
    gather(keys, warp(), lane() == 0, best);
    for (int part = 0; part < SAMPLE_WARPS; part++)
        best = keys[part] > best ? keys[part] : best;
    return best;
}

// e^v for v of at most 0, exactly 0 below -87: the arithmetic of LogitMath.Exp, so that host and device weigh alike.
DEVICE float weight_of(float v) {
    const float shifted = v * 1.44269504f + 12582912.0f; // 1.5 * 2^23: leaves a whole number in the low bits
    const float n = shifted - 12582912.0f;
    const float r = (v - n * 0.693359375f) - n * -2.12194440e-4f;
    float series = 1.0f / 5040;
    series = series * r + 1.0f / 720;
    series = series * r + 1.0f / 120;
    series = series * r + 1.0f / 24;
    series = series * r + 1.0f / 6;
    series = series * r + 0.5f;
    series = series * r + 1.0f;
    series = series * r + 1.0f;
    const uint32_t exponent = bits(shifted) - bits(12582912.0f) + 127;
    return v >= -87.0f ? series * as_float(exponent << 23) : 0.0f; // not so for -inf, whose r is NaN
}

}
