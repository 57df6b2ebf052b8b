// Blocks of 32 values: Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, IQ4_NL. See weights.h.
#pragma once
#include "weights.h"

// { half scale; signed q[32] }: scale · q
struct Q8_0 : BlockWeights<32, 34> {
    struct Raw { uint32_t words[8]; float scale; };
    DEVICE int column(int part, int run) { return 32 * part + 8 * run; }
    DEVICE Raw fetch(const uint8_t* row, int part, int, bool) {
        Raw raw;
        const uint8_t* b = block(row, part);
        raw.scale = load_half(b);
        load_words<2, 8>(b + 2, raw.words);
        return raw;
    }
    DEVICE void decode(const Raw& raw, int run, float (&values)[8]) {
        UNROLLED for (int i = 0; i < 8; i++)
            values[i] = number_from<128>(byte_of(raw.words, 8 * run + i) ^ 128) * raw.scale;
    }
};

// Four bits: byte j has value j in its low half and value j + 16 in its high half, so runs 0 and 1 are the low halves.
DEVICE uint32_t four_bits(const uint32_t* words, int run, int i) {
    int j = 8 * (run % 2) + i;
    return words[j / 4] >> (8 * (j % 4) + 4 * (run / 2)) & 15;
}

// { half scale; packed[16] }: scale · (q - 8)
struct Q4_0 : BlockWeights<32, 18> {
    struct Raw { uint32_t words[4]; float scale; };
    DEVICE int column(int part, int run) { return 32 * part + 8 * run; }
    DEVICE Raw fetch(const uint8_t* row, int part, int, bool) {
        Raw raw;
        const uint8_t* b = block(row, part);
        raw.scale = load_half(b);
        load_words<2, 4>(b + 2, raw.words);
        return raw;
    }
    DEVICE void decode(const Raw& raw, int run, float (&values)[8]) {
        UNROLLED for (int i = 0; i < 8; i++)
            values[i] = number_from<8>(four_bits(raw.words, run, i)) * raw.scale;
    }
};

// { half scale; half minimum; packed[16] }: scale · q + minimum
struct Q4_1 : BlockWeights<32, 20> {
    struct Raw { uint32_t words[4]; uint32_t scales; };
    DEVICE int column(int part, int run) { return 32 * part + 8 * run; }
    DEVICE Raw fetch(const uint8_t* row, int part, int, bool) {
        Raw raw;
        const uint8_t* b = block(row, part);
        raw.scales = load<uint32_t>(b);
        load_words<4, 4>(b + 4, raw.words);
        return raw;
    }
    DEVICE void decode(const Raw& raw, int run, float (&values)[8]) {
        float scale = half_to_float((uint16_t)raw.scales), minimum = half_to_float((uint16_t)(raw.scales >> 16));
        UNROLLED for (int i = 0; i < 8; i++)
            values[i] = number(four_bits(raw.words, run, i)) * scale + minimum;
    }
};

// The fifth bits: bit j of a word belongs to value j.
DEVICE uint32_t five_bits(const uint32_t* words, uint32_t high, int run, int i) {
    return four_bits(words, run, i) | (high >> (8 * run + i) & 1) << 4;
}

// { half scale; word high; packed[16] }: scale · (q - 16)
struct Q5_0 : BlockWeights<32, 22> {
    struct Raw { uint32_t words[5]; float scale; };
    DEVICE int column(int part, int run) { return 32 * part + 8 * run; }
    DEVICE Raw fetch(const uint8_t* row, int part, int, bool) {
        Raw raw;
        const uint8_t* b = block(row, part);
        raw.scale = load_half(b);
        load_words<2, 5>(b + 2, raw.words);
        return raw;
    }
    DEVICE void decode(const Raw& raw, int run, float (&values)[8]) {
        UNROLLED for (int i = 0; i < 8; i++)
            values[i] = number_from<16>(five_bits(raw.words + 1, raw.words[0], run, i)) * raw.scale;
    }
};

// { half scale; half minimum; word high; packed[16] }: scale · q + minimum
struct Q5_1 : BlockWeights<32, 24> {
    struct Raw { uint32_t words[6]; };
    DEVICE int column(int part, int run) { return 32 * part + 8 * run; }
    DEVICE Raw fetch(const uint8_t* row, int part, int, bool) {
        Raw raw;
        load_words<8, 6>(block(row, part), raw.words);
        return raw;
    }
    DEVICE void decode(const Raw& raw, int run, float (&values)[8]) {
        float scale = half_to_float((uint16_t)raw.words[0]), minimum = half_to_float((uint16_t)(raw.words[0] >> 16));
        UNROLLED for (int i = 0; i < 8; i++)
            values[i] = number(five_bits(raw.words + 2, raw.words[1], run, i)) * scale + minimum;
    }
};

// The levels of IQ4_NL and IQ4_XS, each 128 higher, as bytes of two words: -127, -104, -83, -65, -49, -35, -22, -10; 1, 13, 25, 38, 53, 69, 89, 113.
DEVICE float level(uint32_t index) {
    uint64_t levels = (index & 8) != 0 ? 0xf1d9c5b5a6998d81ull : 0x766a5d4f3f2d1801ull;
    return number_from<128>((uint32_t)(levels >> 8 * (index & 7)) & 255);
}

// { half scale; packed[16] }: scale · level
struct IQ4_NL : BlockWeights<32, 18> {
    using Raw = Q4_0::Raw;
    DEVICE int column(int part, int run) { return 32 * part + 8 * run; }
    DEVICE Raw fetch(const uint8_t* row, int part, int inputs, bool wide) { return Q4_0::fetch(row, part, inputs, wide); }
    DEVICE void decode(const Raw& raw, int run, float (&values)[8]) {
        UNROLLED for (int i = 0; i < 8; i++)
            values[i] = raw.scale * level(four_bits(raw.words, run, i));
    }
};
