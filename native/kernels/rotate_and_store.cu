// rotate_and_store: turns the queries of every row in place by the row's position (Su et al. 2021, arXiv 2104.09864), and writes its
// keys, turned likewise, and its values into the KV cache.
//
// Shapes: qkv [rows, (heads + 2 · key_value_heads) · head_size], table [positions][dimension / 2] of (cosine, sine). Any head size;
// values of a head from `dimension` on are not turned. A row with a negative slot is padding and is left alone.
// Bytes moved: 8 · rows · heads · head_size for the queries, and per key and value 4 read and the format's bytes written. The floor
// is those bytes over memory bandwidth.
// Rounding: two products and one sum or difference, each rounded (nothing is fused), as on the CPU, so that both give the same bits
// from the same table; the cache's formats round alike, too (cache.h).
#include "cache.h"

namespace rotation {

constexpr int ROTATE_WARPS = 4; // heads a block takes

// The values a pair (a, b) turns into.
struct Pair { float a, b; };
DEVICE Pair turn(float a, float b, const float* angle) {
    Words2 both = load<Words2>(angle);
    float cosine = as_float(both.x), sine = as_float(both.y);
    return Pair{a * cosine - b * sine, a * sine + b * cosine};
}

// A head in place; a lane takes whole pairs.
DEVICE void rotate_query(const RotateAndStoreArguments& args, float* head, const float* angles) {
    int pairs = args.dimension / 2;
    for (int i = lane(); i < pairs; i += 32) {
        int a = args.interleaved ? 2 * i : i, b = args.interleaved ? a + 1 : i + pairs;
        Pair turned = turn(head[a], head[b], angles + 2 * i);
        head[a] = turned.a;
        head[b] = turned.b;
    }
}

// Value i of a head after the rotation.
DEVICE float rotated(const RotateAndStoreArguments& args, const float* head, const float* angles, int i) {
    int pairs = args.dimension / 2;
    if (i >= 2 * pairs)
        return head[i];
    int pair = args.interleaved ? i / 2 : i < pairs ? i : i - pairs;
    int a = args.interleaved ? 2 * pair : pair, b = args.interleaved ? a + 1 : pair + pairs;
    Pair turned = turn(head[a], head[b], angles + 2 * pair);
    return i == a ? turned.a : turned.b;
}

// One warp, one head: the queries first, then the keys, then the values.
template <class Cache> DEVICE void rotate_and_store(const RotateAndStoreArguments& args) {
    const CacheView& cache = args.cache;
    int row = block_x(), head = block_y() * ROTATE_WARPS + warp(), slot = args.cache_slots[row];
    if (slot < 0 || head >= args.heads + 2 * cache.key_value_heads)
        return;
    float* source = args.qkv + (int64_t)row * args.stride + (int64_t)head * cache.head_size;
    const float* angles = args.table + (int64_t)args.positions[row] * (args.dimension / 2 * 2);
    if (head < args.heads) {
        rotate_query(args, source, angles);
        return;
    }
    bool is_key = head < args.heads + cache.key_value_heads;
    int stored = is_key ? head - args.heads : head - args.heads - cache.key_value_heads, block = slot / cache.block_size;
    Place place{block, stored * cache.block_size + slot - block * cache.block_size};
    Side side = is_key ? keys_of(cache) : values_of(cache);
    for (int first = 0; first < cache.head_size; first += SCALE_GROUP) {
        int i = first + lane();
        bool present = i < cache.head_size;
        float value = !present ? 0.0f : is_key ? rotated(args, source, angles, i) : source[i];
        Cache::encode(cache, place, side, i, value, present);
    }
}

// Launch: grid (rows, (heads + 2 · key_value_heads) / ROTATE_WARPS rounded up), block (32 · ROTATE_WARPS).
KERNEL(rotate_and_store_f32, RotateAndStoreArguments, 32 * ROTATE_WARPS) { rotate_and_store<CacheF32>(args); }
KERNEL(rotate_and_store_f16, RotateAndStoreArguments, 32 * ROTATE_WARPS) { rotate_and_store<CacheF16>(args); }
KERNEL(rotate_and_store_bf16, RotateAndStoreArguments, 32 * ROTATE_WARPS) { rotate_and_store<CacheBF16>(args); }
KERNEL(rotate_and_store_q8_0, RotateAndStoreArguments, 32 * ROTATE_WARPS) { rotate_and_store<CacheQ8>(args); }

}
