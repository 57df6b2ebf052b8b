// Super-blocks of 256 values: Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_XS. See weights.h.
#pragma once
#include "small_blocks.h"

// Byte b, not known at compile time, of a word.
DEVICE uint32_t byte_at(uint32_t word, int b) { return word >> 8 * b & 255; }

// A part of Q2_K and Q3_K: 8 bytes of one half of the block; bit pair r of each is a value of group r, which is run r. Sub-blocks
// have 16 values, so the part's are sub-blocks 8 · half + 2 · run + (column ≥ 16).
struct PairParts {
    DEVICE int half(int part) { return part % 8 / 4; }
    DEVICE int first(int part) { return 8 * (part % 4); }
    DEVICE int column(int part, int run) { return 32 * (4 * (part / 4) + run) + first(part); }
    DEVICE uint32_t pair(const uint32_t* words, int run, int i) { return words[i / 4] >> (8 * (i % 4) + 2 * run) & 3; }
};

// { scales[16]; packed[64]; half scale; half minimumScale }: scale · s · q - minimumScale · m
struct Q2_K : BlockWeights<256, 84>, PairParts {
    struct Raw { uint32_t words[2], scales, both; }; // scales: a byte a run
    DEVICE Raw fetch(const uint8_t* row, int part, int, bool) {
        Raw raw;
        const uint8_t* b = block(row, part);
        uint32_t scales[2];
        load_words<4, 2>(b + 8 * half(part), scales);
        load_words<4, 2>(b + 16 + 32 * half(part) + first(part), raw.words);
        raw.both = load<uint32_t>(b + 80);
        int odd = first(part) / 16;
        raw.scales = byte_at(scales[0], odd) | byte_at(scales[0], 2 + odd) << 8 | byte_at(scales[1], odd) << 16 | byte_at(scales[1], 2 + odd) << 24;
        return raw;
    }
    DEVICE void decode(const Raw& raw, int run, float (&values)[8]) {
        uint32_t sub = byte_of(&raw.scales, run);
        float factor = half_to_float((uint16_t)raw.both) * number(sub & 15);
        float minimum = half_to_float((uint16_t)(raw.both >> 16)) * number(sub >> 4);
        UNROLLED for (int i = 0; i < 8; i++)
            values[i] = factor * number(pair(raw.words, run, i)) - minimum;
    }
};

// { high[32]; packed[64]; scales[12]; half scale }: scale · (s - 32) · (q - 4); bit i / 32 of high[i % 32] is the third bit of q
struct Q3_K : BlockWeights<256, 110>, PairParts {
    struct Raw { uint32_t words[2], high[2], scales; float scale; }; // high: bit r of a byte for run r
    DEVICE Raw fetch(const uint8_t* row, int part, int, bool) {
        Raw raw;
        const uint8_t* b = block(row, part);
        uint32_t packed[3];
        load_words<2, 2>(b + first(part), raw.high);
        load_words<2, 2>(b + 32 + 32 * half(part) + first(part), raw.words);
        load_words<2, 3>(b + 96, packed);
        raw.scale = load_half(b + 108);
        raw.high[0] >>= 4 * half(part);
        raw.high[1] >>= 4 * half(part);
        int odd = first(part) / 16, shift = 4 * half(part);
        raw.scales = 0;
        UNROLLED for (int run = 0; run < 4; run++) {
            uint32_t low = byte_at(packed[run / 2], 2 * (run % 2) + odd) >> shift & 15;
            uint32_t upper = byte_at(packed[2], 2 * (run % 2) + odd) >> (shift + 2 * (run / 2)) & 3;
            raw.scales |= (low | upper << 4) << 8 * run;
        }
        return raw;
    }
    DEVICE void decode(const Raw& raw, int run, float (&values)[8]) {
        float factor = raw.scale * number_from<32>(byte_of(&raw.scales, run));
        UNROLLED for (int i = 0; i < 8; i++) {
            uint32_t third = raw.high[i / 4] >> (8 * (i % 4) + run) & 1;
            values[i] = factor * number_from<4>(pair(raw.words, run, i) | third << 2);
        }
    }
};

// A part of Q4_K and Q5_K: 16 bytes of the 32 that sub-blocks 2k and 2k + 1 share; runs 0 and 1 are of the even one, in the low halves.
// Blocks begin with { half scale; half minimumScale; scales[12] }: value = scale · s · q - minimumScale · m.
struct HalvesParts {
    struct Header { uint32_t both, scales, minima; }; // scales and minima: a byte for either sub-block
    DEVICE int pair(int part) { return part % 8 / 2; }
    DEVICE int first(int part) { return 16 * (part % 2); }
    DEVICE int column(int part, int run) { return 64 * (part / 2) + 32 * (run / 2) + first(part) + 8 * (run % 2); }

    // The packing of the twelve bytes is explained in SuperBlock.UnpackScale.
    DEVICE Header header(const uint8_t* block, int part) {
        Words4 words = load_once(block);
        bool upper = pair(part) >= 2;
        uint32_t scales = upper ? (words.w & 0x0f0f0f0fu) | (words.y >> 2 & 0x30303030u) : words.y & 0x3f3f3f3fu;
        uint32_t minima = upper ? (words.w >> 4 & 0x0f0f0f0fu) | (words.z >> 2 & 0x30303030u) : words.z & 0x3f3f3f3fu;
        int shift = 16 * (pair(part) % 2);
        return {words.x, scales >> shift, minima >> shift};
    }
    DEVICE float factor(const Header& h, int run) { return half_to_float((uint16_t)h.both) * number(byte_of(&h.scales, run / 2)); }
    DEVICE float minimum(const Header& h, int run) { return half_to_float((uint16_t)(h.both >> 16)) * number(byte_of(&h.minima, run / 2)); }
};

// { header; packed[128] }
struct Q4_K : BlockWeights<256, 144>, HalvesParts {
    struct Raw { uint32_t words[4]; Header header; };
    DEVICE Raw fetch(const uint8_t* row, int part, int, bool) {
        Raw raw;
        const uint8_t* b = block(row, part);
        raw.header = header(b, part);
        load_words<16, 4>(b + 16 + 32 * pair(part) + first(part), raw.words);
        return raw;
    }
    DEVICE void decode(const Raw& raw, int run, float (&values)[8]) {
        float scale = factor(raw.header, run), least = minimum(raw.header, run);
        UNROLLED for (int i = 0; i < 8; i++)
            values[i] = scale * number(four_bits(raw.words, run, i)) - least;
    }
};

// { header; high[32]; packed[128] }; bit k of high[j] is the fifth bit of value j of sub-block k
struct Q5_K : BlockWeights<256, 176>, HalvesParts {
    struct Raw { uint32_t words[4], high[4]; Header header; }; // high: bit 0 of a byte for the even sub-block, bit 1 for the odd one
    DEVICE Raw fetch(const uint8_t* row, int part, int, bool) {
        Raw raw;
        const uint8_t* b = block(row, part);
        raw.header = header(b, part);
        load_words<16, 4>(b + 16 + first(part), raw.high);
        load_words<16, 4>(b + 48 + 32 * pair(part) + first(part), raw.words);
        UNROLLED for (int i = 0; i < 4; i++)
            raw.high[i] >>= 2 * pair(part);
        return raw;
    }
    DEVICE void decode(const Raw& raw, int run, float (&values)[8]) {
        float scale = factor(raw.header, run), least = minimum(raw.header, run);
        UNROLLED for (int i = 0; i < 8; i++) {
            int j = 8 * (run % 2) + i;
            uint32_t fifth = raw.high[j / 4] >> (8 * (j % 4) + run / 2) & 1;
            values[i] = scale * number(four_bits(raw.words, run, i) | fifth << 4) - least;
        }
    }
};

// { low[128]; high[64]; signed scales[16]; half scale }: scale · s · (q - 32), sub-blocks of 16 values.
// Part p of a half has its low bytes 16p on: groups p / 2 (low halves, runs 0 and 1) and p / 2 + 2 (high halves) of 32 values.
struct Q6_K : BlockWeights<256, 210> {
    struct Raw { uint32_t words[4], high[4]; float scale, even, odd; }; // high: the bit pairs of the two groups are 0 and 2
    DEVICE int half(int part) { return part % 8 / 4; }
    DEVICE int group(int part) { return part % 4 / 2; }
    DEVICE int first(int part) { return 16 * (part % 2); }
    DEVICE int column(int part, int run) { return 128 * (part / 4) + 32 * (group(part) + run / 2 * 2) + first(part) + 8 * (run % 2); }
    DEVICE Raw fetch(const uint8_t* row, int part, int, bool) {
        Raw raw;
        const uint8_t* b = block(row, part);
        load_words<2, 4>(b + 64 * half(part) + 32 * group(part) + first(part), raw.words);
        load_words<2, 4>(b + 128 + 32 * half(part) + first(part), raw.high);
        const uint8_t* scales = b + 192 + 8 * half(part) + 2 * group(part) + part % 2;
        raw.even = (float)load<int8_t>(scales);
        raw.odd = (float)load<int8_t>(scales + 4);
        raw.scale = load_half(b + 208);
        UNROLLED for (int i = 0; i < 4; i++)
            raw.high[i] >>= 2 * group(part);
        return raw;
    }
    DEVICE void decode(const Raw& raw, int run, float (&values)[8]) {
        float factor = raw.scale * (run < 2 ? raw.even : raw.odd);
        UNROLLED for (int i = 0; i < 8; i++) {
            int j = 8 * (run % 2) + i;
            uint32_t upper = raw.high[j / 4] >> (8 * (j % 4) + run / 2 * 4) & 3;
            values[i] = factor * number_from<32>(four_bits(raw.words, run, i) | upper << 4);
        }
    }
};

// { half scale; half word upper; lower[4]; packed[128] }: scale · (s - 32) · level, eight sub-blocks of 32 values packed as in IQ4_NL
struct IQ4_XS : BlockWeights<256, 136> {
    struct Raw { uint32_t words[4]; float factor; };
    DEVICE int column(int part, int run) { return 32 * part + 8 * run; }
    DEVICE Raw fetch(const uint8_t* row, int part, int, bool) {
        Raw raw;
        const uint8_t* b = block(row, part);
        int sub = part % 8;
        Words2 head = load<Words2>(b);
        uint32_t scale = (head.y >> 4 * sub & 15) | (head.x >> (16 + 2 * sub) & 3) << 4;
        raw.factor = half_to_float((uint16_t)head.x) * number_from<32>(scale);
        load_words<8, 4>(b + 8 + 16 * sub, raw.words);
        return raw;
    }
    DEVICE void decode(const Raw& raw, int run, float (&values)[8]) {
        UNROLLED for (int i = 0; i < 8; i++)
            values[i] = raw.factor * level(four_bits(raw.words, run, i));
    }
};
