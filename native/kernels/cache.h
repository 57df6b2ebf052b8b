// Where the numbers of the KV cache stand, and what they are. CacheView in kernels.h describes the layout.
//
// Numbers are handled eight neighbours of a head at a time (a fragment): 32, 16 or 8 bytes, which one or two accesses fetch when
// 8 divides the head size, since every row of a head then starts at a multiple of a fragment. Other head sizes go number by number.
// The parts of a layer (CacheView's pointer, block_bytes and offsets) must be multiples of 16 bytes.
#pragma once
#include "kernels.h"

constexpr int FRAGMENT = 8;
constexpr int SCALE_GROUP = 32; // values that share a scale

// A position of one key-value head: its block, and its row in the block's [head][position].
struct Place { int block, row; };

DEVICE Place place_of(const CacheView& cache, const int32_t* blocks, int head, int position) {
    int index = position / cache.block_size;
    return Place{blocks[index], head * cache.block_size + position - index * cache.block_size};
}

// The keys or the values of a layer: where in a block their numbers and their scales start.
struct Side { int64_t numbers, scales; };
DEVICE Side keys_of(const CacheView& cache) { return Side{0, cache.key_scale_offset}; }
DEVICE Side values_of(const CacheView& cache) { return Side{cache.value_offset, cache.value_scale_offset}; }

DEVICE uint8_t* block_of(const CacheView& cache, Place place) { return cache.layer + (int64_t)place.block * cache.block_bytes; }

// The numbers of a place, of so many bytes each.
DEVICE uint8_t* numbers_at(const CacheView& cache, Place place, Side side, int bytes) {
    return block_of(cache, place) + side.numbers + (int64_t)place.row * cache.head_size * bytes;
}

// The scales of a place, one a group.
DEVICE uint16_t* scales_at(const CacheView& cache, Place place, Side side) {
    int groups = (cache.head_size + SCALE_GROUP - 1) / SCALE_GROUP;
    return (uint16_t*)(block_of(cache, place) + side.scales) + (int64_t)place.row * groups;
}

DEVICE uint16_t low_half(uint32_t word) { return (uint16_t)word; }
DEVICE uint16_t high_half(uint32_t word) { return (uint16_t)(word >> 16); }

// 16-bit formats, and the tensor-core product of each.
struct Half {
    DEVICE float widen(uint16_t v) { return half_to_float(v); }
    DEVICE uint16_t narrow(float v) { return float_to_half(v); }
    DEVICE void multiply(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) { multiply_half(c, a, b); }
};
struct BFloat {
    DEVICE float widen(uint16_t v) { return bfloat_to_float(v); }
    DEVICE uint16_t narrow(float v) { return float_to_bfloat(v); }
    DEVICE void multiply(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) { multiply_bfloat(c, a, b); }
};

// The number formats. number() is one number, fetch() the raw bits of a fragment, widen() its values. encode() is called by a whole
// warp, a group of 32 values at a time, one a lane; lanes beyond the head pass 0 and present = false. It rounds as the CPU backend
// does, so that a block of one serves the other.
struct CacheF32 {
    static constexpr int BYTES = 4;
    DEVICE void encode(const CacheView& cache, Place place, Side side, int i, float value, bool present) {
        if (present)
            ((float*)numbers_at(cache, place, side, BYTES))[i] = value;
    }
    DEVICE float number(const CacheView& cache, Place place, Side side, int i) { return ((const float*)numbers_at(cache, place, side, BYTES))[i]; }
    struct Fragment { Floats4 low, high; };
    DEVICE Fragment fetch(const CacheView& cache, Place place, Side side, int first) {
        const uint8_t* numbers = numbers_at(cache, place, side, BYTES) + first * BYTES;
        return Fragment{load<Floats4>(numbers), load<Floats4>(numbers + 16)};
    }
    DEVICE void widen(const Fragment& from, float (&values)[FRAGMENT]) {
        values[0] = from.low.x, values[1] = from.low.y, values[2] = from.low.z, values[3] = from.low.w;
        values[4] = from.high.x, values[5] = from.high.y, values[6] = from.high.z, values[7] = from.high.w;
    }
};

template <class Format> struct Cache16 {
    static constexpr int BYTES = 2;
    using Matrix = Format; // what it is on tensor cores
    DEVICE void encode(const CacheView& cache, Place place, Side side, int i, float value, bool present) {
        if (present)
            ((uint16_t*)numbers_at(cache, place, side, BYTES))[i] = Format::narrow(value);
    }
    DEVICE float number(const CacheView& cache, Place place, Side side, int i) {
        return Format::widen(((const uint16_t*)numbers_at(cache, place, side, BYTES))[i]);
    }
    using Fragment = Words4;
    DEVICE Fragment fetch(const CacheView& cache, Place place, Side side, int first) {
        return load<Words4>(numbers_at(cache, place, side, BYTES) + first * BYTES);
    }
    DEVICE void widen(const Fragment& words, float (&values)[FRAGMENT]) {
        values[0] = Format::widen(low_half(words.x)), values[1] = Format::widen(high_half(words.x));
        values[2] = Format::widen(low_half(words.y)), values[3] = Format::widen(high_half(words.y));
        values[4] = Format::widen(low_half(words.z)), values[5] = Format::widen(high_half(words.z));
        values[6] = Format::widen(low_half(words.w)), values[7] = Format::widen(high_half(words.w));
    }
};

using CacheF16 = Cache16<Half>;
using CacheBF16 = Cache16<BFloat>;

// Bytes; the scale of a group is its largest magnitude / 127 in half precision, but the bytes are rounded by the exact one.
struct CacheQ8 {
    static constexpr int BYTES = 1;
    using Matrix = Half;
    DEVICE void encode(const CacheView& cache, Place place, Side side, int i, float value, bool present) {
        float scale = warp_largest(magnitude(value)) / 127.0f;
        uint16_t half = float_to_half(scale);
        // A scale too small for half precision makes zeros of all numbers, and its inverse might not be finite.
        float inverse = half == 0 ? 0.0f : 1.0f / scale;
        if (present)
            ((int8_t*)numbers_at(cache, place, side, BYTES))[i] = (int8_t)(int)round_to_even(value * inverse);
        if (lane() == 0)
            scales_at(cache, place, side)[i / SCALE_GROUP] = half;
    }
    DEVICE float scale_of(const CacheView& cache, Place place, Side side, int i) { return half_to_float(scales_at(cache, place, side)[i / SCALE_GROUP]); }
    DEVICE float number(const CacheView& cache, Place place, Side side, int i) {
        return (float)((const int8_t*)numbers_at(cache, place, side, BYTES))[i] * scale_of(cache, place, side, i);
    }
    struct Fragment { Words2 bytes; float scale; };
    DEVICE Fragment fetch(const CacheView& cache, Place place, Side side, int first) {
        return Fragment{load<Words2>(numbers_at(cache, place, side, BYTES) + first), scale_of(cache, place, side, first)};
    }
    DEVICE void widen(const Fragment& from, float (&values)[FRAGMENT]) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
            values[i] = (float)(int8_t)(from.bytes.x >> 8 * i) * from.scale;
            values[i + 4] = (float)(int8_t)(from.bytes.y >> 8 * i) * from.scale;
        }
    }
};

// Values first … first + 7 of a place, for any head size; those beyond the head are 0.
template <class Cache> DEVICE void read_numbers(const CacheView& cache, Place place, Side side, int first, float (&values)[FRAGMENT]) {
#pragma unroll
    for (int i = 0; i < FRAGMENT; i++)
        values[i] = first + i < cache.head_size ? Cache::number(cache, place, side, first + i) : 0.0f;
}

// Whether a fragment can be fetched at once; first is then a multiple of FRAGMENT inside the head.
DEVICE bool has_fragments(const CacheView& cache) { return cache.head_size % FRAGMENT == 0; }
