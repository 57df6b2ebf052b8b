// Where the best candidates end: the fewest best ones that reach a number (top-k) or a mass (top-p), without sorting any.
#pragma once
#include "sample_block.h"

namespace sampling {

// A candidate's 32-bit rank, higher is better, and its mass in units of its rank's: 24 bits; 0: it does not take part.
struct Ranked { uint32_t key, mass; };

// The best candidates are those of a higher key and those of this key up to a token; so equals go by their ids.
struct Cutoff {
    uint32_t key;     // its known upper bits, the others 0
    uint32_t known;   // which ones are known
    double rest;      // what the candidates of this key must contribute to the mass
    double available; // what they have
    int last_token;
};
DEVICE bool belongs(const Cutoff& cutoff, uint32_t key, int token) { return key > cutoff.key || (key == cutoff.key && token <= cutoff.last_token); }

// Top-k: ranks are logits, as integers of the same order. They all weigh 1.
struct ByNumber {
    static constexpr bool IS_SHARE = false;
};
DEVICE uint32_t key_of_logit(float logit) {
    const uint32_t word = bits(logit + 0.0f); // -0 equals 0
    return word >> 31 ? ~word : word | 0x80000000u;
}
DEVICE float logit_of_key(uint32_t key) { return as_float(key >> 31 ? key & 0x7fffffff : ~key); }
DEVICE Ranked rank(ByNumber, float logit) { return Ranked{ key_of_logit(logit), logit > as_float(0xff800000u) ? 1u : 0u }; }
DEVICE double unit(ByNumber, uint32_t) { return 1; }

// Top-p: ranks are weights, none of them negative or subnormal. Their mass is their mantissa, whose unit is a matter of the exponent,
// the uppermost bits of the rank: so the masses of a rank's candidates add up exactly, in any order, as integers.
struct ByWeight {
    static constexpr bool IS_SHARE = true;
};
DEVICE Ranked rank(ByWeight, float weight) { return Ranked{ bits(weight), weight > 0 ? (bits(weight) & 0x7fffff) | 0x800000 : 0 }; }
DEVICE double unit(ByWeight, uint32_t key) { return as_double((uint64_t)((key >> 23) + 1023 - 127 - 23) << 52); }

// Mass by the next key bits. A bin adds up to 2^20 masses of 24 bits: in two words, of 12 bits each.
template <class Kind> DEVICE void fill_bins(const SampleRoom& room, Kind kind, const Candidates& candidates, const Cutoff& cutoff, int shift, int bins) {
    for (int bin = thread_x(); bin < bins; bin += SAMPLE_THREADS)
        room.low[bin] = room.high[bin] = 0;
    block_barrier();
    visit_part(candidates, part_of_warp(0, candidates.count), [&](int, const float& value) {
        const Ranked ranked = rank(kind, value);
        if (ranked.mass == 0 || ((ranked.key ^ cutoff.key) & cutoff.known) != 0)
            return false;
        const uint32_t bin = ranked.key >> shift & (bins - 1);
        atomic_add(room.low + bin, ranked.mass & 4095);
        if (ranked.mass >> 12 != 0)
            atomic_add(room.high + bin, ranked.mass >> 12);
        return false;
    });
    block_barrier();
}

// Finds out more bits of the cutoff's key: the bin in which the mass is reached, from the highest one down.
template <class Kind> DEVICE void narrow(const SampleRoom& room, Kind kind, const Candidates& candidates, Cutoff& cutoff, int shift, int width) {
    const int bins = 1 << width, own = bins / SAMPLE_THREADS, highest = bins - 1 - thread_x() * own;
    const auto mass_of = [&](int bin) { return (room.high[bin] * 4096.0 + room.low[bin]) * unit(kind, cutoff.key | (uint32_t)bin << shift); };
    fill_bins(room, kind, candidates, cutoff, shift, bins);

    // Each thread has some bins, the first thread the highest. Running sums: over its warp, then over the warps before.
    double mass = 0;
    for (int bin = highest; bin > highest - own; bin--)
        mass += mass_of(bin);
    double running = mass;
    for (int distance = 1; distance < 32; distance *= 2) {
        const double before = as_double(shuffle_up(bits(running), distance));
        running += lane() >= distance ? before : 0.0;
    }
    gather(room.sums, warp(), lane() == 31, running);
    if (thread_x() == 0) {
        room.words[0] = SAMPLE_THREADS; // the first thread that reaches the mass
        room.words[1] = 0;              // the last one that has any
    }
    block_barrier();
    double base = 0, total = 0;
    for (int part = 0; part < SAMPLE_WARPS; part++) {
        base += part < warp() ? room.sums[part] : 0.0;
        total += room.sums[part];
    }
    const double before = as_double(shuffle_up(bits(running), 1));
    const double goal = Kind::IS_SHARE && cutoff.known == 0 ? cutoff.rest * total : cutoff.rest;
    if (mass > 0 && base + running >= goal)
        atomic_min(room.words, (uint32_t)thread_x());
    if (mass > 0)
        atomic_max(room.words + 1, (uint32_t)thread_x());
    block_barrier();

    // Rounding, and a number above that of all candidates, may leave the mass unreached: then all belong to the best.
    const uint32_t chosen = room.words[0] < SAMPLE_THREADS ? room.words[0] : room.words[1];
    if (chosen == (uint32_t)thread_x()) {
        double above = lane() == 0 ? base : base + before, size = 0;
        int bin = highest;
        for (int next = highest; next > highest - own; next--) {
            if (mass_of(next) == 0)
                continue;
            above += size; // of the bin before, which did not do
            bin = next;
            size = mass_of(next);
            if (above + size >= goal)
                break;
        }
        room.words[2] = (uint32_t)bin;
        room.sums[0] = goal - above;
        room.sums[1] = size;
    }
    block_barrier();
    cutoff.key |= room.words[2] << shift;
    cutoff.known |= (uint32_t)(bins - 1) << shift;
    cutoff.rest = room.sums[0];
    cutoff.available = room.sums[1];
}

// The cutoff as far as the upper 11 bits of the rank tell: nothing below its key belongs to the best.
template <class Kind> DEVICE Cutoff roughly(const SampleRoom& room, Kind kind, const Candidates& candidates, double goal) {
    Cutoff cutoff{ 0, 0, goal, 0, 0 };
    narrow(room, kind, candidates, cutoff, 21, 11);
    return cutoff;
}

// The whole cutoff, from what is roughly known.
template <class Kind> DEVICE void exactly(const SampleRoom& room, Kind kind, const Candidates& candidates, Cutoff& cutoff) {
#pragma unroll 1
    for (int width = 11; width >= 10; width--)
        narrow(room, kind, candidates, cutoff, width == 11 ? 10 : 0, width);
    const double each = Kind::IS_SHARE ? as_float(cutoff.key) : 1;
    const double equals = cutoff.available / each, needed = cutoff.rest / each;
    int count = (int)needed;
    count = larger(count < needed ? count + 1 : count, 1);
    cutoff.last_token = 0x7fffffff;
    if (count >= equals)
        return;
    cutoff.last_token = find_share(room, candidates, (count - 0.5) / equals, [&](int, float value) { return rank(kind, value).key == cutoff.key ? 1 : 0; });
}

}
