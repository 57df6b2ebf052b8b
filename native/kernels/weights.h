// How kernels read weights: what all types share, and the float types. small_blocks.h has the blocks of 32 values, super_blocks.h those of
// 256, quants.h all of them; what each means is defined by the scalar decoders in src/LlamaEngine/Formats/Quantization.
//
// A weight type Q cuts a row into parts, which a thread fetches with as wide loads as the type's alignment allows, and a part into
// runs of 8 neighbouring values:
//   Q::PART, Q::RUNS                    values and runs of a part
//   Q::IN_FLIGHT                        parts a thread should have on their way at a time
//   Q::SIXTEEN_BITS, Q::BFLOAT          whether Raw is eight halves or bfloats; whether bfloat16 is the 16-bit type for it
//   Q::CUT                              whether a row's last part may be cut
//   Q::Raw                              a part as it is stored
//   Q::parts(inputs)                    parts of a row, a cut one included
//   Q::fetch(row, part, inputs, wide)   loads a part; wide: the rows are 16-byte aligned. Values beyond the row are zeros
//   Q::column(part, run)                where in the row a run begins
//   Q::decode(raw, run, values)         the run's values, bit for bit those of the scalar decoder
// The parts of 128 neighbouring values from a multiple of 128 on are neighbours, too, so that a tile of 128 inputs is whole parts.
#pragma once
#include "device.h"

// Loops that index registers.
#if defined(__clang__) || defined(__NVCC__)
#define UNROLLED _Pragma("unroll")
#else
#define UNROLLED _Pragma("GCC unroll 32")
#endif

// A non-negative whole number below 2^23 as a float: exact, and cheaper than a conversion instruction.
DEVICE float number(uint32_t q) { return as_float(0x4b000000u | q) - 8388608.0f; }
// The same of a number in excess representation: q - Zero.
template <int Zero> DEVICE float number_from(uint32_t q) { return as_float(0x4b000000u | q) - (8388608.0f + Zero); }

DEVICE uint32_t load_half_word(const uint8_t* address) { return load<uint16_t>(address); }
DEVICE float load_half(const uint8_t* address) { return half_to_float(load<uint16_t>(address)); }

// Words from an address of known alignment, in the widest loads.
template <int Alignment, int Count> DEVICE void load_words(const uint8_t* address, uint32_t* words) {
    static_assert(Alignment == 2 || Alignment == 4 || Alignment == 8 || Alignment == 16);
    if constexpr (Alignment == 16) {
        UNROLLED for (int i = 0; i < Count; i += 4) {
            Words4 v = load_once(address + 4 * i);
            words[i] = v.x, words[i + 1] = v.y, words[i + 2] = v.z, words[i + 3] = v.w;
        }
    } else if constexpr (Alignment == 8) {
        UNROLLED for (int i = 0; i < Count; i += 2) {
            Words2 v = load<Words2>(address + 4 * i);
            words[i] = v.x, words[i + 1] = v.y;
        }
    } else if constexpr (Alignment == 4) {
        UNROLLED for (int i = 0; i < Count; i++)
            words[i] = load<uint32_t>(address + 4 * i);
    } else {
        // Whole words from the next multiple of 4 on, and halves for what they leave, all inside of the bytes asked for.
        bool shifted = ((uint64_t)address & 2) != 0;
        const uint8_t* whole = address + (shifted ? 2 : 0);
        uint32_t odd = load_half_word(shifted ? address : address + 4 * Count - 4), last = load_half_word(address + 4 * Count - 2);
        uint32_t before = shifted ? odd << 16 : 0;
        UNROLLED for (int i = 0; i < Count - 1; i++) {
            uint32_t word = load<uint32_t>(whole + 4 * i);
            words[i] = shifted ? word << 16 | before >> 16 : word;
            before = shifted ? word : before;
        }
        words[Count - 1] = last << 16 | (shifted ? before >> 16 : odd);
    }
}

// Byte `index`, known at compile time after unrolling.
DEVICE uint32_t byte_of(const uint32_t* words, int index) { return words[index / 4] >> 8 * (index % 4) & 255; }

// --- floats: parts of 8 values ---

template <class Element> struct FloatWeights {
    static constexpr int PART = 8, RUNS = 1, WORDS = 8 * Element::BYTES / 4, IN_FLIGHT = 2;
    static constexpr bool CUT = true, SIXTEEN_BITS = Element::BYTES == 2, BFLOAT = Element::BFLOAT;
    struct Raw { uint32_t words[WORDS]; };
    DEVICE int parts(int inputs) { return (inputs + 7) / 8; }
    DEVICE int column(int part, int) { return 8 * part; }
    DEVICE Raw fetch(const uint8_t* row, int part, int inputs, bool wide) {
        Raw raw;
        const uint8_t* first = row + 8 * Element::BYTES * (int64_t)part;
        int left = inputs - 8 * part;
        if (wide && left >= 8) {
            load_words<16, WORDS>(first, raw.words);
        } else {
            UNROLLED for (int i = 0; i < WORDS; i++)
                raw.words[i] = Element::word(first + 4 * i, left - 4 / Element::BYTES * i);
        }
        return raw;
    }
    DEVICE void decode(const Raw& raw, int, float (&values)[8]) {
        UNROLLED for (int i = 0; i < 8; i++)
            values[i] = Element::value(raw.words, i);
    }
};

// Elements one by one: `left` of them are there.
struct Float32Element {
    static constexpr int BYTES = 4;
    static constexpr bool BFLOAT = false;
    DEVICE uint32_t word(const uint8_t* address, int left) { return left > 0 ? load<uint32_t>(address) : 0; }
    DEVICE float value(const uint32_t* words, int i) { return as_float(words[i]); }
};
struct SixteenBits {
    static constexpr int BYTES = 2;
    DEVICE uint32_t word(const uint8_t* address, int left) {
        return (left > 0 ? load_half_word(address) : 0) | (left > 1 ? load_half_word(address + 2) : 0) << 16;
    }
};
struct HalfElement : SixteenBits {
    static constexpr bool BFLOAT = false;
    DEVICE float value(const uint32_t* words, int i) { return half_to_float((uint16_t)(words[i / 2] >> 16 * (i % 2))); }
};
struct BFloatElement : SixteenBits {
    static constexpr bool BFLOAT = true;
    DEVICE float value(const uint32_t* words, int i) { return bfloat_to_float((uint16_t)(words[i / 2] >> 16 * (i % 2))); }
};

using F32 = FloatWeights<Float32Element>;
using F16 = FloatWeights<HalfElement>;
using BF16 = FloatWeights<BFloatElement>;

// --- blocks: parts of 32 values ---

template <int Values, int Bytes> struct BlockWeights {
    static constexpr int PART = 32, RUNS = 4, IN_FLIGHT = 1, PARTS = Values / PART;
    static constexpr bool CUT = false, SIXTEEN_BITS = false, BFLOAT = false;
    DEVICE int parts(int inputs) { return inputs / PART; }
    DEVICE const uint8_t* block(const uint8_t* row, int part) { return row + (int64_t)(part / PARTS) * Bytes; }
};
