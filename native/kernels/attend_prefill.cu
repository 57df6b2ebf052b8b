// attend_prefill: causal attention of many query rows of a sequence over the paged cache, on tensor cores, with a running softmax
// over tiles of keys and values in shared memory (Milakov and Gimelshein 2018, arXiv 1805.02867; Dao et al. 2022, arXiv 2205.14135;
// Dao 2023, arXiv 2307.08691).
//
// Shapes: a block takes one tile of up to ATTEND_TILE_ROWS rows and one query head [rows, head_size]; cache
// [blocks][key_value_heads][block_size][head_size]; output [rows, heads · head_size]. Head sizes up to 128, and up to 256 in the
// `wide` kernels; in shared memory they are padded with zeros to a multiple of 16. A f32 cache has no such kernel: attend_decode is
// exact, this is not.
// Work: 4 · head_size operations a query head, row and visible position, half of them masked in a square prompt. The floor is
// that over the tensor cores' dense 16-bit rate; bytes are few: a tile's keys and values come from memory once for the heads that
// share them and from the second-level cache otherwise.
// Rounding: keys and values are the cache's 16-bit numbers (q8_0: byte · scale, rounded to half). A query is multiplied by
// scale · log2(e) in float32 and then rounded to the same format: the error is the same as after the product (rounding is relative),
// every score is spared a multiplication, and halves stay far from overflow. Weights 2^(score - largest) are at most 1 and are
// rounded to 16 bits for the second product only; scores, sums and outputs are float32.
// A row's result does not depend on how rows were cut into tiles: key tiles start at absolute multiples, and a masked position or
// tile changes nothing, exactly.
#include "cache.h"

namespace prefill {

constexpr int PREFILL_WARPS = ATTEND_TILE_ROWS / 16; // a warp takes 16 rows
constexpr int PREFILL_THREADS = 32 * PREFILL_WARPS;
constexpr int PREFILL_KEYS = 64;       // positions of a key tile, head sizes up to PREFILL_WIDTH
constexpr int PREFILL_WIDTH = 128;
constexpr int PREFILL_WIDE_KEYS = 32;  // head sizes up to PREFILL_WIDE_WIDTH
constexpr int PREFILL_WIDE_WIDTH = 256;
constexpr int PREFILL_SKEW = 8;        // numbers between rows in shared memory: eight rows of 16 bytes then lie in different banks
constexpr float LOWEST = -1e30f;       // below every score, yet finite: the difference of two of them is a number
constexpr float LOG2_E = 1.44269504f;

// A block's part: rows [row, row + rows), whose positions start at `position`, and the positions [low, high] that any of them sees.
struct Part { int row, rows, position, low, high, head, key_value_head, padded, stride; const int32_t* blocks; };

// In shared memory: [rows][stride], [keys][stride] twice, and where the positions of two key tiles stand; a negative block: nowhere.
template <int KEYS> struct PrefillMemory { uint16_t* queries; uint16_t* keys; uint16_t* values; Place* places; };

// The running softmax of two rows of a thread, group and group + 8 of its warp's: columns 2 · pair and + 1 of every eight.
template <int WIDTH> struct Running { float sums[WIDTH / 8][4]; float largest[2], total[2]; };

DEVICE int row_of_lane() { return lane() / 4; }
DEVICE int column_of_lane() { return lane() % 4 * 2; }

template <class Format>
DEVICE uint32_t narrow_pair(float low, float high) { return pack(Format::narrow(low), Format::narrow(high)); }

// The tile's queries, times scale · log2(e); zeros beyond the rows and the head.
template <class Format>
DEVICE void load_queries(const AttendArguments& args, const Part& part, uint16_t* queries) {
    int size = args.cache.head_size, pairs = part.padded / 2;
    const float* source = args.qkv + (int64_t)part.row * args.qkv_stride + (int64_t)part.head * size;
    float scale = args.scale * LOG2_E;
    for (int i = thread_x(); i < ATTEND_TILE_ROWS * pairs; i += PREFILL_THREADS) {
        int row = i / pairs, column = 2 * (i - row * pairs);
        const float* query = source + (int64_t)row * args.qkv_stride;
        float low = row < part.rows && column < size ? query[column] * scale : 0.0f;
        float high = row < part.rows && column + 1 < size ? query[column + 1] * scale : 0.0f;
        *(uint32_t*)(queries + row * part.stride + column) = narrow_pair<Format>(low, high);
    }
}

// Where the positions of the key tile from `first` on stand.
template <int KEYS>
DEVICE void find_places(const AttendArguments& args, const Part& part, int first, Place* places) {
    int i = thread_x(), position = first + i;
    if (i < KEYS)
        places[i] = position < part.low || position > part.high ? Place{-1, 0} : place_of(args.cache, part.blocks, part.key_value_head, position);
}

// Eight numbers of a place to shared memory; 16-bit ones of whole fragments go there while the threads go on.
template <class Cache>
DEVICE void load_fragment(const CacheView& cache, Place place, Side side, int column, uint16_t* target) {
    if (place.block < 0 || column >= cache.head_size) {
        store(target, Words4{0, 0, 0, 0});
        return;
    }
    if constexpr (Cache::BYTES == 2) {
        if (has_fragments(cache)) {
            copy_async(target, numbers_at(cache, place, side, Cache::BYTES) + column * Cache::BYTES);
            return;
        }
    }
    using Format = typename Cache::Matrix;
    float v[FRAGMENT];
    if (has_fragments(cache))
        Cache::widen(Cache::fetch(cache, place, side, column), v);
    else
        read_numbers<Cache>(cache, place, side, column, v);
    store(target, Words4{narrow_pair<Format>(v[0], v[1]), narrow_pair<Format>(v[2], v[3]), narrow_pair<Format>(v[4], v[5]), narrow_pair<Format>(v[6], v[7])});
}

// A tile of keys or values. Positions that no row of the block sees become zeros: a weight of 0 must not meet what is stored there.
template <class Cache, int KEYS>
DEVICE void load_tile(const AttendArguments& args, const Part& part, const Place* places, Side side, uint16_t* tile) {
    int fragments = part.padded / FRAGMENT;
    for (int i = thread_x(); i < KEYS * fragments; i += PREFILL_THREADS) {
        int row = i / fragments, column = (i - row * fragments) * FRAGMENT;
        load_fragment<Cache>(args.cache, places[row], side, column, tile + row * part.stride + column);
    }
    copy_commit();
}

// scores = queries · keysᵀ of the warp's 16 rows.
template <class Format, int KEYS>
DEVICE void score(const Part& part, const uint16_t* queries, const uint16_t* keys, float (&scores)[KEYS / 8][4]) {
    const uint16_t* query = queries + (warp() * 16 + lane() % 16) * part.stride + lane() / 16 * 8;
    const uint16_t* key = keys + (lane() / 16 * 8 + lane() % 8) * part.stride + lane() / 8 % 2 * 8;
    for (int column = 0; column < part.padded; column += 16) {
        uint32_t a[4];
        load_matrices(a, query + column);
#pragma unroll
        for (int n = 0; n < KEYS / 16; n++) {
            uint32_t b[4];
            load_matrices(b, key + n * 16 * part.stride + column);
            uint32_t first[2] = {b[0], b[1]}, second[2] = {b[2], b[3]};
            Format::multiply(scores[2 * n], a, first);
            Format::multiply(scores[2 * n + 1], a, second);
        }
    }
}

// Gives the scores a row does not see no weight.
template <int KEYS>
DEVICE void mask(const AttendArguments& args, const Part& part, int first, float (&scores)[KEYS / 8][4]) {
    int top = part.position + warp() * 16;
    if (first + KEYS - 1 <= top && first >= top + 15 - args.window + 1)
        return; // all of it is seen by all
#pragma unroll
    for (int n = 0; n < KEYS / 8; n++) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
            int position = first + n * 8 + column_of_lane() + i % 2, row = top + row_of_lane() + i / 2 * 8;
            if (position > row || position < row - args.window + 1)
                scores[n][i] = as_float(0xff800000u);
        }
    }
}

// Scores to weights 2^(score - largest so far); shrinks what was summed before to the new largest.
template <int KEYS, int WIDTH> DEVICE void weigh(float (&scores)[KEYS / 8][4], Running<WIDTH>& running) {
#pragma unroll
    for (int half = 0; half < 2; half++) {
        float largest = running.largest[half], sum = 0;
#pragma unroll
        for (int n = 0; n < KEYS / 8; n++)
            largest = larger(largest, larger(scores[n][2 * half], scores[n][2 * half + 1]));
        largest = larger(largest, shuffle_xor(largest, 1));
        largest = larger(largest, shuffle_xor(largest, 2));
        float shrink = exp2_approximate(running.largest[half] - largest);
#pragma unroll
        for (int n = 0; n < KEYS / 8; n++) {
            scores[n][2 * half] = exp2_approximate(scores[n][2 * half] - largest);
            scores[n][2 * half + 1] = exp2_approximate(scores[n][2 * half + 1] - largest);
            sum += scores[n][2 * half] + scores[n][2 * half + 1];
        }
        running.largest[half] = largest;
        running.total[half] = fused(running.total[half], shrink, sum);
#pragma unroll
        for (int n = 0; n < WIDTH / 8; n++) {
            running.sums[n][2 * half] *= shrink;
            running.sums[n][2 * half + 1] *= shrink;
        }
    }
}

// sums += weights · values. A fragment of sums holds exactly the columns that a fragment of weights needs.
template <class Format, int KEYS, int WIDTH>
DEVICE void add_values(const Part& part, const float (&weights)[KEYS / 8][4], const uint16_t* values, Running<WIDTH>& running) {
    const uint16_t* value = values + lane() % 16 * part.stride + lane() / 16 * 8;
#pragma unroll
    for (int k = 0; k < KEYS / 16; k++) {
        const float (&low)[4] = weights[2 * k];
        const float (&high)[4] = weights[2 * k + 1];
        uint32_t a[4] = {narrow_pair<Format>(low[0], low[1]), narrow_pair<Format>(low[2], low[3]),
            narrow_pair<Format>(high[0], high[1]), narrow_pair<Format>(high[2], high[3])};
#pragma unroll
        for (int n = 0; n < WIDTH / 16; n++) {
            if (n * 16 >= part.padded)
                continue;
            uint32_t b[4];
            load_matrices_transposed(b, value + k * 16 * part.stride + n * 16);
            uint32_t first[2] = {b[0], b[1]}, second[2] = {b[2], b[3]};
            Format::multiply(running.sums[2 * n], a, first);
            Format::multiply(running.sums[2 * n + 1], a, second);
        }
    }
}

// output = sums / total.
template <int WIDTH>
DEVICE void write(const AttendArguments& args, const Part& part, Running<WIDTH>& running) {
    int size = args.cache.head_size;
#pragma unroll
    for (int half = 0; half < 2; half++) {
        float total = running.total[half];
        total += shuffle_xor(total, 1);
        total += shuffle_xor(total, 2);
        int row = warp() * 16 + row_of_lane() + half * 8;
        float* output = args.output + (int64_t)(part.row + row) * args.output_stride + (int64_t)part.head * size;
#pragma unroll
        for (int n = 0; n < WIDTH / 8; n++) {
            int column = n * 8 + column_of_lane();
            float low = running.sums[n][2 * half] / total, high = running.sums[n][2 * half + 1] / total;
            if (row >= part.rows || column >= size)
                continue;
            if (size % 2 == 0) {
                store(output + column, Words2{bits(low), bits(high)});
            } else {
                output[column] = low;
                if (column + 1 < size)
                    output[column + 1] = high;
            }
        }
    }
}

// Whether any row of the warp sees a position of the key tile from `first` on.
template <int KEYS> DEVICE bool sees(const AttendArguments& args, const Part& part, int first) {
    int top = part.position + warp() * 16;
    return warp() * 16 < part.rows && first <= top + 15 && first + KEYS - 1 >= top - args.window + 1;
}

// While scores are computed from a tile's keys its values arrive, and meanwhile the next keys.
template <class Cache, int KEYS, int WIDTH>
DEVICE void attend_tiles(const AttendArguments& args, const Part& part, PrefillMemory<KEYS> memory) {
    using Format = typename Cache::Matrix;
    Running<WIDTH> running = {};
    running.largest[0] = running.largest[1] = LOWEST;
    int start = part.low / KEYS * KEYS;
    load_queries<Format>(args, part, memory.queries);
    find_places<KEYS>(args, part, start, memory.places);
    block_barrier();
    load_tile<Cache, KEYS>(args, part, memory.places, keys_of(args.cache), memory.keys);
    for (int first = start, turn = 0; first <= part.high; first += KEYS, turn ^= 1) {
        const Place* places = memory.places + turn * KEYS;
        Place* next_places = memory.places + (turn ^ 1) * KEYS;
        bool seen = sees<KEYS>(args, part, first);
        float scores[KEYS / 8][4] = {};
        copy_wait<0>();
        block_barrier(); // the keys are there, and all are done with the values before
        load_tile<Cache, KEYS>(args, part, places, values_of(args.cache), memory.values);
        if (first + KEYS <= part.high)
            find_places<KEYS>(args, part, first + KEYS, next_places);
        if (seen) {
            score<Format, KEYS>(part, memory.queries, memory.keys, scores);
            mask<KEYS>(args, part, first, scores);
            weigh<KEYS, WIDTH>(scores, running);
        }
        copy_wait<0>();
        block_barrier(); // the values are there, and all are done with the keys
        if (first + KEYS <= part.high)
            load_tile<Cache, KEYS>(args, part, next_places, keys_of(args.cache), memory.keys);
        if (seen)
            add_values<Format, KEYS, WIDTH>(part, scores, memory.values, running);
    }
    write<WIDTH>(args, part, running);
}

template <class Cache, int KEYS, int WIDTH> DEVICE void attend_prefill(const AttendArguments& args, uint16_t* shared) {
    // The last tiles first: later rows of a prompt see more, and the device should not end with them.
    const int32_t* tile = args.tiles + 3 * (args.tile_count - 1 - block_y());
    if (tile[1] <= 0 || tile[2] < 0)
        return;
    int size = args.cache.head_size, padded = (size + 15) / 16 * 16, stride = padded + PREFILL_SKEW, position = args.positions[tile[0]];
    Part part{tile[0], tile[1], position, larger(0, position - args.window + 1), position + tile[1] - 1, block_x(),
        block_x() / (args.heads / args.cache.key_value_heads), padded, stride, args.block_tables + args.sequences[tile[2]].first_block};
    PrefillMemory<KEYS> memory;
    memory.queries = shared;
    memory.keys = memory.queries + ATTEND_TILE_ROWS * stride;
    memory.values = memory.keys + KEYS * stride;
    memory.places = (Place*)(memory.values + KEYS * stride);
    attend_tiles<Cache, KEYS, WIDTH>(args, part, memory);
}

#define ATTEND_PREFILL(suffix, Cache) \
    KERNEL(attend_prefill_##suffix, AttendArguments, PREFILL_THREADS) { \
        DYNAMIC_SHARED(uint16_t, memory); \
        attend_prefill<Cache, PREFILL_KEYS, PREFILL_WIDTH>(args, memory); \
    } \
    KERNEL(attend_prefill_wide_##suffix, AttendArguments, PREFILL_THREADS) { \
        DYNAMIC_SHARED(uint16_t, memory); \
        attend_prefill<Cache, PREFILL_WIDE_KEYS, PREFILL_WIDE_WIDTH>(args, memory); \
    }

// Launch: grid (heads, tile_count), block (PREFILL_THREADS), shared memory 2 · (ATTEND_TILE_ROWS + 2 · keys) · (head size padded to a
// multiple of 16, + PREFILL_SKEW) + 16 · keys bytes: 52 KiB at head size 128, 66 KiB at 256. A tile of 0 rows is padding.
ATTEND_PREFILL(f16, CacheF16)
ATTEND_PREFILL(bf16, CacheBF16)
ATTEND_PREFILL(q8_0, CacheQ8)

}
