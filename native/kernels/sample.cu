// Draws a token from each row of logits, just as LlamaEngine.Sampling.Sampler does on the host: biases and forbidden tokens, penalties,
// then the best token or temperature, top-k, top-p, min-p and a draw. One number a row goes to the host.
//
// Shapes: logits [rows, vocabulary], each row for one row of rows_sampling at most, since the row becomes the room in which it is
// sampled; a vocabulary of up to 2^20, behind which the floats up to a multiple of 4 are read and written back.
// Bytes: for the best token a row is read once. A draw from all tokens reads it twice more and writes it once; top-k or top-p read it
// three times, which drops nearly all tokens, and then what is left, thirty times or so. All but the first time from the second-level
// cache.
// Floor: a row is one block's, and a block moves some 100 GB/s: 5 us a pass over 128,000 tokens. Rows run beside each other.
//
// The order of everything is fixed: the same row gives the same token, whatever runs beside it.
#include "sample_logits.h"

using namespace sampling;

// Candidates with their weights in place of their logits: the top_k best, or all of them.
DEVICE Candidates weigh(const SampleRoom& room, const RowSampling& row, float* logits, int vocabulary, float max, int32_t* ids) {
    Candidates candidates{ logits, nullptr, vocabulary };
    Cutoff cutoff{ 0, 0, 0, 0, 0x7fffffff }; // all
    if (row.top_k > 0 && row.top_k < vocabulary) {
        cutoff = roughly(room, ByNumber(), candidates, row.top_k);
        candidates = compact(room, logits, vocabulary, ids, [&](float logit) { return key_of_logit(logit) >= cutoff.key; });
        exactly(room, ByNumber(), candidates, cutoff);
    }
    visit_part(candidates, part_of_warp(0, candidates.count), [&](int i, float& value) {
        const bool stays = belongs(cutoff, key_of_logit(value), token_of(candidates, i));
        value = stays ? weight_of((value - max) / row.temperature) : 0.0f;
        return true;
    });
    block_barrier();
    return candidates;
}

// What remains of the candidates' weights in a nucleus.
DEVICE Cutoff nucleus(const SampleRoom& room, float top_p, Candidates& candidates, int32_t* ids) {
    Cutoff cutoff = roughly(room, ByWeight(), candidates, top_p);
    if (!candidates.ids)
        candidates = compact(room, candidates.row, candidates.count, ids, [&](float weight) { return bits(weight) >= cutoff.key; });
    exactly(room, ByWeight(), candidates, cutoff);
    return cutoff;
}

DEVICE int draw(const SampleRoom& room, const RowSampling& row, float* logits, int vocabulary, float max, int32_t* ids) {
    Candidates candidates = weigh(room, row, logits, vocabulary, max, ids);
    Cutoff cutoff{ 0, 0, 0, 0, 0x7fffffff }; // all
    if (row.top_p < 1)
        cutoff = nucleus(room, row.top_p, candidates, ids);
    // The likeliest token's weight is 1.
    return find_share(room, candidates, row.fraction, [&](int token, float weight) {
        return weight >= row.min_p && belongs(cutoff, bits(weight), token) ? weight : 0.0f;
    });
}

// grid: rows; threads: 512
KERNEL(sample, SampleArguments, SAMPLE_THREADS) {
    SHARED(uint32_t, low, SAMPLE_BINS);
    SHARED(uint32_t, high, SAMPLE_BINS);
    SHARED(double, sums, 32);
    SHARED(uint32_t, words, 32);
    const SampleRoom room{ low, high, sums, words };
    const RowSampling row = args.rows_sampling[block_x()];
    if (row.logit_row < 0)
        return;
    float* const logits = args.logits + (int64_t)row.logit_row * args.logits_stride;
    const int vocabulary = args.vocabulary;
    if (row.adjustment_count > 0)
        adjust(logits, vocabulary, args.adjustments + row.first_adjustment, row.adjustment_count);
    if (row.seen_count > 0 || row.pending_token >= 0)
        penalize(room, row, logits, vocabulary, args.seen + row.first_seen, row.pending_token < 0 ? -1 : args.drawn_before[row.pending_token]);
    const uint64_t best = best_of(room, logits, vocabulary, row.mask < 0 ? nullptr : args.masks + (int64_t)row.mask * args.mask_words);
    int token = (int)~(uint32_t)best;
    if (best == ~(uint64_t)0)
        token = SAMPLE_NOT_FINITE;
    else if (best >> 32 == key_of_logit(as_float(0xff800000u)))
        token = SAMPLE_NONE_ALLOWED;
    else if (row.temperature != 0)
        token = draw(room, row, logits, vocabulary, logit_of_key((uint32_t)(best >> 32)), (int32_t*)args.scratch + (int64_t)block_x() * vocabulary);
    if (thread_x() == 0)
        args.drawn[block_x()] = token;
}
