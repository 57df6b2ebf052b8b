// attend_decode, attend_combine: causal attention of single query rows over the paged cache, split over the context so that one long
// sequence fills the device (Flash-Decoding: Dao et al. 2023). attend_decode gives, for every chunk of ATTEND_CHUNK positions that a
// row sees, the weighted sum of values, the largest score and the sum of weights; attend_combine joins a row's chunks.
//
// Shapes: queries [rows, heads, head_size], cache [blocks][key_value_heads][block_size][head_size], output [rows, heads · head_size].
// Head sizes up to 256. Bytes moved: the keys and values a row sees, once for all query heads that share them (up to DECODE_GROUP):
// 2 · context · key_value_heads · head_size numbers a row. The floor is those bytes over memory bandwidth; queries, outputs and
// partials are small beside them.
// A row's result follows from its own context alone: chunks start at multiples of ATTEND_CHUNK, the order of additions inside a
// chunk is by position, and attend_combine takes exactly the chunks the row sees, in ascending order. What lies outside
// (other chunks' partials, positions after the row or before its window) is never read.
#include "cache.h"

namespace decode {

constexpr int DECODE_WARPS = 4;
constexpr int DECODE_THREADS = 32 * DECODE_WARPS;
constexpr int DECODE_GROUP = 16;   // query heads of one key-value head that a block takes; more take another block
constexpr int DECODE_TILE = 4;     // query heads whose sums of values a thread keeps
constexpr int DECODE_FETCH = 4;    // cache rows a thread fetches before it uses the first
constexpr int COMBINE_THREADS = 128;
constexpr float LOWEST = -1e30f;   // below every score, yet finite: the difference of two of them is a number

// What a block works on: positions [from, to) of its chunk, which begins at `first`, for queries of `heads` heads from `head` on.
struct Work {
    Side keys, values;
    int row, head, heads, key_value_head, first, from, to, padded;
    int lanes; // that share a cache row, a fragment each: a power of two
};

DEVICE int column_of_lane(const Work& work) { return smaller(lane() % work.lanes * FRAGMENT, work.padded - FRAGMENT); }

DEVICE int divided_up(int count, int by) { return (count + by - 1) / by; }
DEVICE int power_of_two_from(int count) { return count <= 1 ? 1 : 1 << (32 - leading_zeros((uint32_t)count - 1)); }

// Shared memory of a block: queries [heads][padded], later sums of values [warps][tile][padded]; scores [heads][chunk]; places [chunk].
struct DecodeMemory { float* queries; float* scores; Place* places; };
DEVICE DecodeMemory divide_memory(float* memory, const Work& work) {
    int queries = larger(work.heads, DECODE_WARPS * DECODE_TILE) * work.padded;
    return DecodeMemory{memory, memory + queries, (Place*)(memory + queries + work.heads * ATTEND_CHUNK)};
}

// The queries times 1 / sqrt(head_size), with zeros up to whole fragments; and where every position of the chunk stands.
DEVICE void prepare(const AttendArguments& args, const Work& work, DecodeMemory memory) {
    const float* queries = args.qkv + (int64_t)work.row * args.qkv_stride + (int64_t)work.head * args.cache.head_size;
    for (int i = thread_x(); i < work.heads * work.padded; i += DECODE_THREADS) {
        int head = i / work.padded, column = i - head * work.padded;
        memory.queries[i] = column < args.cache.head_size ? queries[(int64_t)head * args.cache.head_size + column] * args.scale : 0.0f;
    }
    const int32_t* blocks = args.block_tables + args.sequences[args.row_sequences[work.row]].first_block;
    for (int p = work.from + thread_x(); p < work.to; p += DECODE_THREADS)
        memory.places[p - work.first] = place_of(args.cache, blocks, work.key_value_head, p);
    block_barrier();
}

// Cache rows p0 + j · step for j in 0 … DECODE_FETCH - 1, this lane's fragment of each. All are requested before the first is used:
// where the block has no such position or the head no such columns, the nearest stand in, and the caller leaves them out.
template <class Cache>
DEVICE void fetch(const AttendArguments& args, const Work& work, DecodeMemory memory, Side side, int p0, int step, float (&rows)[DECODE_FETCH][FRAGMENT]) {
    Place places[DECODE_FETCH];
#pragma unroll
    for (int j = 0; j < DECODE_FETCH; j++)
        places[j] = memory.places[larger(work.from, smaller(p0 + j * step, work.to - 1)) - work.first];
    int column = column_of_lane(work);
    if (has_fragments(args.cache)) {
        typename Cache::Fragment fragments[DECODE_FETCH];
#pragma unroll
        for (int j = 0; j < DECODE_FETCH; j++)
            fragments[j] = Cache::fetch(args.cache, places[j], side, column);
#pragma unroll
        for (int j = 0; j < DECODE_FETCH; j++)
            Cache::widen(fragments[j], rows[j]);
    } else {
#pragma unroll
        for (int j = 0; j < DECODE_FETCH; j++)
            read_numbers<Cache>(args.cache, places[j], side, column, rows[j]);
    }
}

// scores[head][position] = query · key. The lanes of a cache row add up their fragments' products.
template <class Cache>
DEVICE void score(const AttendArguments& args, const Work& work, DecodeMemory memory) {
    int rows_of_warp = 32 / work.lanes, step = DECODE_WARPS * rows_of_warp, slot = warp() * rows_of_warp + lane() / work.lanes;
    int column = column_of_lane(work);
    bool counts = lane() % work.lanes * FRAGMENT < work.padded;
    float keys[DECODE_FETCH][FRAGMENT];
    for (int base = work.first; base < work.to; base += DECODE_FETCH * step) {
        if (base + DECODE_FETCH * step <= work.from)
            continue;
        fetch<Cache>(args, work, memory, work.keys, base + slot, step, keys);
        for (int head = 0; head < work.heads; head++) {
            const float* query = memory.queries + head * work.padded + column;
            Floats4 a = load<Floats4>(query), b = load<Floats4>(query + 4);
            float products[DECODE_FETCH];
#pragma unroll
            for (int j = 0; j < DECODE_FETCH; j++) {
                float (&key)[FRAGMENT] = keys[j];
                float low = fused(a.w, key[3], fused(a.z, key[2], fused(a.y, key[1], a.x * key[0])));
                float high = fused(b.w, key[7], fused(b.z, key[6], fused(b.y, key[5], b.x * key[4])));
                products[j] = counts ? low + high : 0.0f;
            }
            for (int mask = work.lanes / 2; mask > 0; mask >>= 1) {
#pragma unroll
                for (int j = 0; j < DECODE_FETCH; j++)
                    products[j] += shuffle_xor(products[j], mask);
            }
#pragma unroll
            for (int j = 0; j < DECODE_FETCH; j++) {
                int p = base + slot + j * step;
                if (lane() % work.lanes == 0 && p >= work.from && p < work.to)
                    memory.scores[head * ATTEND_CHUNK + p - work.first] = products[j];
            }
        }
    }
    block_barrier();
}

// Scores to weights: e^(score - largest). A warp takes a head; its largest score and its sum of weights go to the partial.
DEVICE void weigh(const AttendArguments& args, const Work& work, DecodeMemory memory, float* partial, int64_t head_stride) {
    for (int head = warp(); head < work.heads; head += DECODE_WARPS) {
        float* scores = memory.scores + head * ATTEND_CHUNK;
        int from = work.from - work.first, to = work.to - work.first;
        float largest = LOWEST, sum = 0;
        for (int i = lane(); i < to; i += 32)
            if (i >= from)
                largest = larger(largest, scores[i]);
        largest = warp_largest(largest);
        for (int i = lane(); i < to; i += 32)
            if (i >= from)
                sum += scores[i] = exponential(scores[i] - largest);
        sum = warp_sum(sum);
        if (lane() == 0) {
            partial[head * head_stride + args.cache.head_size] = largest;
            partial[head * head_stride + args.cache.head_size + 1] = sum;
        }
    }
    block_barrier();
}

// Adds weights · values of DECODE_TILE heads from `head` on: sums[j] of this lane's columns over the positions of its slot, ascending.
template <class Cache>
DEVICE void add_values(const AttendArguments& args, const Work& work, DecodeMemory memory, int head, float (&sums)[DECODE_TILE][FRAGMENT]) {
    int rows_of_warp = 32 / work.lanes, step = DECODE_WARPS * rows_of_warp, slot = warp() * rows_of_warp + lane() / work.lanes;
    float values[DECODE_FETCH][FRAGMENT];
    for (int base = work.first; base < work.to; base += DECODE_FETCH * step) {
        if (base + DECODE_FETCH * step <= work.from)
            continue;
        fetch<Cache>(args, work, memory, work.values, base + slot, step, values);
#pragma unroll
        for (int j = 0; j < DECODE_FETCH; j++) {
            int p = base + slot + j * step;
            if (p < work.from || p >= work.to)
                continue;
#pragma unroll
            for (int t = 0; t < DECODE_TILE; t++) {
                if (head + t >= work.heads)
                    continue;
                float weight = memory.scores[(head + t) * ATTEND_CHUNK + p - work.first];
#pragma unroll
                for (int i = 0; i < FRAGMENT; i++)
                    sums[t][i] = fused(weight, values[j][i], sums[t][i]);
            }
        }
    }
}

// The sums of all slots: first the lanes of a warp, then the warps ascending.
DEVICE void join_slots(
    const AttendArguments& args, const Work& work, DecodeMemory memory, int head, float (&sums)[DECODE_TILE][FRAGMENT], float* partial,
    int64_t head_stride) {
    float* shared = memory.queries; // no longer needed
    int column = lane() * FRAGMENT, tile = smaller(DECODE_TILE, work.heads - head);
#pragma unroll
    for (int t = 0; t < DECODE_TILE; t++) {
#pragma unroll
        for (int i = 0; i < FRAGMENT; i++) {
            for (int mask = work.lanes; mask < 32; mask <<= 1)
                sums[t][i] += shuffle_xor(sums[t][i], mask);
        }
        if (t < tile && column < work.padded) {
            float* target = shared + (warp() * DECODE_TILE + t) * work.padded + column;
            store(target, Floats4{sums[t][0], sums[t][1], sums[t][2], sums[t][3]});
            store(target + 4, Floats4{sums[t][4], sums[t][5], sums[t][6], sums[t][7]});
        }
    }
    block_barrier();
    for (int i = thread_x(); i < tile * work.padded; i += DECODE_THREADS) {
        int t = i / work.padded, c = i - t * work.padded;
        float sum = 0;
        for (int w = 0; w < DECODE_WARPS; w++)
            sum += shared[(w * DECODE_TILE + t) * work.padded + c];
        if (c < args.cache.head_size)
            partial[(head + t) * head_stride + c] = sum;
    }
    block_barrier();
}

template <class Cache> DEVICE void attend_decode(const AttendArguments& args, float* shared) {
    int group = args.heads / args.cache.key_value_heads, parts = divided_up(group, DECODE_GROUP);
    int row = args.first_row + block_z(), key_value_head = block_y() / parts, first_of_group = block_y() % parts * DECODE_GROUP;
    if (args.row_sequences[row] < 0)
        return;
    int position = args.positions[row], first = block_x() * ATTEND_CHUNK, size = args.cache.head_size;
    int from = larger(first, position - args.window + 1), to = smaller(first + ATTEND_CHUNK, position + 1);
    if (from >= to)
        return;
    Work work{keys_of(args.cache), values_of(args.cache), row, key_value_head * group + first_of_group,
        smaller(DECODE_GROUP, group - first_of_group), key_value_head, first, from, to,
        divided_up(size, FRAGMENT) * FRAGMENT, power_of_two_from(divided_up(size, FRAGMENT))};
    int64_t head_stride = (int64_t)args.chunks * (size + 2);
    float* partial = args.partials + (((int64_t)block_z() * args.heads + work.head) * args.chunks + block_x()) * (size + 2);
    DecodeMemory memory = divide_memory(shared, work);

    prepare(args, work, memory);
    score<Cache>(args, work, memory);
    weigh(args, work, memory, partial, head_stride);
    for (int head = 0; head < work.heads; head += DECODE_TILE) {
        float sums[DECODE_TILE][FRAGMENT] = {};
        add_values<Cache>(args, work, memory, head, sums);
        join_slots(args, work, memory, head, sums, partial, head_stride);
    }
}

// Launch: grid (chunks, key_value_heads · (group / DECODE_GROUP rounded up), rows - first_row), block (DECODE_THREADS), shared memory
// 4 · (max(g, DECODE_WARPS · DECODE_TILE) · padded head size + g · ATTEND_CHUNK) + 8 · ATTEND_CHUNK bytes with g = min(group, DECODE_GROUP)
// and head sizes padded to multiples of 8: at most 34 KiB.
KERNEL(attend_decode_f32, AttendArguments, DECODE_THREADS) { DYNAMIC_SHARED(float, memory); attend_decode<CacheF32>(args, memory); }
KERNEL(attend_decode_f16, AttendArguments, DECODE_THREADS) { DYNAMIC_SHARED(float, memory); attend_decode<CacheF16>(args, memory); }
KERNEL(attend_decode_bf16, AttendArguments, DECODE_THREADS) { DYNAMIC_SHARED(float, memory); attend_decode<CacheBF16>(args, memory); }
KERNEL(attend_decode_q8_0, AttendArguments, DECODE_THREADS) { DYNAMIC_SHARED(float, memory); attend_decode<CacheQ8>(args, memory); }

// Launch: grid (heads, rows - first_row), block (COMBINE_THREADS).
KERNEL(attend_combine, AttendArguments, COMBINE_THREADS) {
    int row = args.first_row + block_y(), size = args.cache.head_size;
    if (args.row_sequences[row] < 0)
        return;
    int position = args.positions[row], width = size + 2;
    int first = larger(0, position - args.window + 1) / ATTEND_CHUNK, last = position / ATTEND_CHUNK;
    const float* partials = args.partials + ((int64_t)block_y() * args.heads + block_x()) * args.chunks * width;
    float* output = args.output + (int64_t)row * args.output_stride + (int64_t)block_x() * size;
    float largest = LOWEST, total = 0;
    for (int chunk = first; chunk <= last; chunk++)
        largest = larger(largest, partials[(int64_t)chunk * width + size]);
    for (int chunk = first; chunk <= last; chunk++)
        total = fused(exponential(partials[(int64_t)chunk * width + size] - largest), partials[(int64_t)chunk * width + size + 1], total);
    for (int i = thread_x(); i < size; i += COMBINE_THREADS) {
        float sum = 0;
        for (int chunk = first; chunk <= last; chunk++) {
            const float* partial = partials + (int64_t)chunk * width;
            sum = fused(exponential(partial[size] - largest), partial[i], sum);
        }
        output[i] = sum / total;
    }
}

}
