// What the threads of a block do together when they sample a row. Every result is the same in all threads, and the same bits in every
// run: sums are taken in a fixed order, and what atomics add up is integers.
#pragma once
#include "kernels.h"

namespace sampling {

constexpr int SAMPLE_THREADS = 512, SAMPLE_WARPS = SAMPLE_THREADS / 32;
constexpr int SAMPLE_BINS = 2048;

// The block's shared memory, used by one step after another.
struct SampleRoom {
    uint32_t* low;   // [SAMPLE_BINS], see sample_cutoff.h
    uint32_t* high;  // [SAMPLE_BINS]
    double* sums;    // [32]
    uint32_t* words; // [32]
};

// The tokens that may be drawn, in ascending order, and what stands for each in the row: its logit, later its weight.
struct Candidates {
    float* row;         // [vocabulary]
    const int32_t* ids; // [count]; null: candidate i is token i
    int count;
};
DEVICE int token_of(const Candidates& candidates, int i) { return candidates.ids ? candidates.ids[i] : i; }

DEVICE double warp_sum(double v) {
    for (int mask = 16; mask > 0; mask >>= 1)
        v += shuffle_xor(v, mask);
    return v;
}

// The part of [0, count) that is this warp's: one behind the other, whole multiples of 32 but for the last.
struct Part { int begin, end, length; };
DEVICE Part part_of_warp(int begin, int end) {
    const int length = (end - begin + SAMPLE_THREADS - 1) / SAMPLE_THREADS * 32, first = begin + warp() * length;
    return Part{ first, smaller(first + length, end), length };
}

template <class Visit> DEVICE bool visit_four(int i, int end, Floats4& four, Visit visit) {
    bool changed = visit(i, four.x);
    changed |= i + 1 < end && visit(i + 1, four.y);
    changed |= i + 2 < end && visit(i + 2, four.z);
    changed |= i + 3 < end && visit(i + 3, four.w);
    return changed;
}

// Calls visit(i, value) for the candidates of a part, by all threads of its warp; stores the value if visit says that it has changed.
// Of a whole row a lane takes four neighbours at a time, and asks for more before it looks at them: a block must wait for memory as
// seldom as it can. What stands behind the last value up to a multiple of 4 is read and written back.
template <class Visit> DEVICE void visit_part(const Candidates& candidates, const Part& part, Visit visit) {
    if (candidates.ids) {
        for (int i = part.begin + lane(); i < part.end; i += 32) {
            float* const address = candidates.row + candidates.ids[i];
            float value = *address;
            if (visit(i, value))
                *address = value;
        }
        return;
    }
    for (int i = part.begin + lane() * 4; i < part.end; i += 256) {
        const int j = i + 128;
        Floats4 near = load<Floats4>(candidates.row + i), far = near;
        if (j < part.end)
            far = load<Floats4>(candidates.row + j);
        if (visit_four(i, part.end, near, visit))
            store(candidates.row + i, near);
        if (j < part.end && visit_four(j, part.end, far, visit))
            store(candidates.row + j, far);
    }
}

// Hands every thread what some of them have: one each, at a place.
template <class T> DEVICE void gather(T* room, int place, bool has, T value) {
    block_barrier(); // what stood there has been read
    if (has)
        room[place] = value;
    block_barrier();
}

// The first of some parts, laid side by side, in which rest falls, and what is left of rest there. Rounding may leave a trifle
// behind all of them; it belongs to the last part that is not empty, and to the last one in there.
DEVICE int part_at(const double* parts, int count, double& rest) {
    int last = 0;
    for (int part = 0; part < count; part++) {
        const double size = parts[part];
        if (rest < size)
            return part;
        rest -= size;
        last = size > 0 ? part : last;
    }
    rest = as_double(0x7ff0000000000000);
    return last;
}

// The candidate in whose share of their measures, laid side by side, fraction of [0, 1) falls: its token. measure(token, value) is
// never negative, and not always 0. Each round looks at a warp's part of the round before: three rounds for a vocabulary.
template <class Measure> DEVICE int find_share(const SampleRoom& room, const Candidates& candidates, double fraction, Measure measure) {
    int begin = 0, end = candidates.count;
    double rest = 0;
    do {
        const Part part = part_of_warp(begin, end);
        double sum = 0;
        visit_part(candidates, part, [&](int i, const float& value) {
            sum += measure(token_of(candidates, i), value);
            return false;
        });
        gather(room.sums, warp(), lane() == 0, warp_sum(sum));
        if (begin == 0 && end == candidates.count) {
            double total = 0;
            for (int w = 0; w < SAMPLE_WARPS; w++)
                total += room.sums[w];
            rest = fraction * total;
        }
        begin += part_at(room.sums, SAMPLE_WARPS, rest) * part.length;
        end = smaller(begin + part.length, end);
    } while (end - begin > 32);
    double mine = 0;
    if (warp() == 0 && begin + lane() < end) {
        const int token = token_of(candidates, begin + lane());
        mine = measure(token, candidates.row[token]);
    }
    gather(room.sums, lane(), warp() == 0, mine);
    return token_of(candidates, begin + part_at(room.sums, 32, rest));
}

template <class Keep> DEVICE uint32_t wanted_of(const Floats4& four, int count, Keep keep) {
    return (keep(four.x) ? 1u : 0) | (count > 1 && keep(four.y) ? 2u : 0) | (count > 2 && keep(four.z) ? 4u : 0) | (count > 3 && keep(four.w) ? 8u : 0);
}

// Drops tokens of a row: ids gets those whose values keep(value) wants, in their order.
template <class Keep> DEVICE Candidates compact(const SampleRoom& room, float* row, int count, int32_t* ids, Keep keep) {
    const Part part = part_of_warp(0, count);
    int kept = 0;
    visit_part(Candidates{ row, nullptr, count }, part, [&](int, const float& value) {
        kept += keep(value) ? 1 : 0;
        return false;
    });
    for (int mask = 16; mask > 0; mask >>= 1)
        kept += shuffle_xor(kept, mask);
    gather(room.words, warp(), lane() == 0, (uint32_t)kept);
    int before = 0, total = 0;
    for (int w = 0; w < SAMPLE_WARPS; w++) {
        before += w < warp() ? (int)room.words[w] : 0;
        total += (int)room.words[w];
    }
    for (int start = part.begin; start < part.end; start += 128) {
        const int i = start + lane() * 4;
        uint32_t mine = 0; // which of this lane's four
        if (i < part.end)
            mine = wanted_of(load<Floats4>(row + i), part.end - i, keep);
        int place = before;
        for (int n = 0; n < 4; n++) {
            const uint32_t who = warp_ballot((mine >> n & 1) != 0);
            place += count_bits(who & ((1u << lane()) - 1));
            before += count_bits(who);
        }
        for (int n = 0; n < 4; n++)
            if ((mine >> n & 1) != 0)
                ids[place++] = i + n;
    }
    block_barrier();
    return Candidates{ row, ids, total };
}

}
