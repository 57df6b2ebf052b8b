// Kernels with one mistake each, and their correct twins: the software device has to report the one and run the other.
#include "device.h"

struct FaultArguments {
    const float* input;
    float* output;
    int32_t count;
    int32_t reserved;
};

// --- memory of the device: output[i] = 2 · input[i]; blocks of 256 ---

KERNEL(fault_none, FaultArguments, 256) {
    int i = block_x() * block_threads() + thread_x();
    if (i < args.count)
        args.output[i] = 2 * args.input[i];
}

// The last block's threads past the end read, too.
KERNEL(fault_read_past_end, FaultArguments, 256) {
    int i = block_x() * block_threads() + thread_x();
    args.output[smaller(i, args.count - 1)] = 2 * args.input[i];
}

KERNEL(fault_write_past_end, FaultArguments, 256) {
    int i = block_x() * block_threads() + thread_x();
    float value = i < args.count ? args.input[i] : 0.0f;
    args.output[i] = 2 * value;
}

// A null pointer, as of an argument that was forgotten.
KERNEL(fault_null, FaultArguments, 256) {
    args.output[thread_x()] = *(const float*)(uint64_t)(args.reserved);
}

// output[i] = input[i + 1], four at a time: input + 4 bytes is no place for a vector.
KERNEL(fault_misaligned, FaultArguments, 256) {
    int i = (block_x() * block_threads() + thread_x()) * 4;
    if (i + 4 < args.count)
        store(args.output + i, load<Floats4>(args.input + i + 1));
}

KERNEL(fault_misaligned_word, FaultArguments, 256) {
    args.output[thread_x()] = *(const float*)((const uint8_t*)args.input + 4 * thread_x() + 2);
}

// --- shared memory: output[i] = input[255 - i] of each block of 256 ---

template <bool Barrier> DEVICE void reverse(const FaultArguments& args) {
    SHARED(float, values, 256);
    int start = block_x() * 256;
    values[thread_x()] = args.input[start + thread_x()];
    if (Barrier)
        block_barrier();
    args.output[start + thread_x()] = values[255 - thread_x()];
}
KERNEL(fault_none_reverse, FaultArguments, 256) { reverse<true>(args); }
KERNEL(fault_missing_barrier, FaultArguments, 256) { reverse<false>(args); }

// Within a warp: output[i] = input[31 - i].
template <bool Barrier> DEVICE void reverse_in_warp(const FaultArguments& args) {
    DYNAMIC_SHARED(float, values);
    float* own = values + warp() * 32;
    own[lane()] = args.input[thread_x()];
    if (Barrier)
        warp_barrier();
    args.output[thread_x()] = own[31 - lane()];
}
KERNEL(fault_none_warp, FaultArguments, 64) { reverse_in_warp<true>(args); }
KERNEL(fault_missing_warp_barrier, FaultArguments, 64) { reverse_in_warp<false>(args); }

// A second round overwrites what others still read: output[i] = the sum of input[255 - i] and input[i ^ 1] of 256.
template <bool Barrier> DEVICE void two_rounds(const FaultArguments& args) {
    SHARED(float, values, 256);
    float own = args.input[thread_x()];
    values[thread_x()] = own;
    block_barrier();
    float sum = values[255 - thread_x()];
    if (Barrier)
        block_barrier();
    values[thread_x()] = own;
    block_barrier();
    args.output[thread_x()] = sum + values[thread_x() ^ 1];
}
KERNEL(fault_none_rounds, FaultArguments, 256) { two_rounds<true>(args); }
KERNEL(fault_missing_second_barrier, FaultArguments, 256) { two_rounds<false>(args); }

// Only the first 200 are written; all are read.
KERNEL(fault_uninitialized, FaultArguments, 256) {
    SHARED(float, values, 256);
    if (thread_x() < 200)
        values[thread_x()] = args.input[thread_x()];
    block_barrier();
    args.output[thread_x()] = values[255 - thread_x()];
}

KERNEL(fault_shared_past_end, FaultArguments, 256) {
    SHARED(float, values, 255);
    SHARED(float, others, 256);
    values[thread_x()] = args.input[thread_x()];
    others[thread_x()] = 0;
    block_barrier();
    args.output[thread_x()] = values[255 - thread_x()];
}

// Bytes and halves of one word are different threads' own: output[i] = input[i] of whole numbers below 256.
KERNEL(fault_none_bytes, FaultArguments, 256) {
    SHARED(uint8_t, small, 256);
    SHARED(uint16_t, halves, 256);
    small[thread_x()] = (uint8_t)args.input[thread_x()];
    halves[thread_x()] = (uint16_t)(small[thread_x()] + 1);
    small[thread_x()] = (uint8_t)(halves[thread_x()] - 1);
    block_barrier();
    args.output[thread_x()] = small[thread_x()] + (halves[255 - thread_x()] - small[255 - thread_x()] - 1);
}

// A histogram: output[i] = how many inputs are i, for i below 8.
template <bool Cleared> DEVICE void histogram(const FaultArguments& args) {
    SHARED(int32_t, counts, 8);
    if (Cleared && thread_x() < 8)
        counts[thread_x()] = 0;
    block_barrier();
    atomic_add(&counts[(int)args.input[thread_x()] & 7], 1);
    block_barrier();
    if (thread_x() < 8)
        args.output[thread_x()] = (float)counts[thread_x()];
}
KERNEL(fault_none_atomics, FaultArguments, 256) { histogram<true>(args); }
KERNEL(fault_atomic_uninitialized, FaultArguments, 256) { histogram<false>(args); }

// --- asynchronous copies: output[i] = input[255 - i], of 256, in two groups ---

enum class Copying { Right, NoWait, OneGroupShort, NoBarrier, Misaligned };
template <Copying How> DEVICE void copy_reversed(const FaultArguments& args) {
    SHARED(float, values, 256);
    for (int half = 0; half < 2; half++) {
        if (thread_x() < 32) {
            int i = half * 128 + thread_x() * 4;
            copy_async(values + i, args.input + i + (How == Copying::Misaligned ? 1 : 0));
        }
        copy_commit();
    }
    if (How == Copying::OneGroupShort)
        copy_wait<1>();
    else if (How != Copying::NoWait)
        copy_wait<0>();
    if (How != Copying::NoBarrier)
        block_barrier();
    args.output[thread_x()] = values[255 - thread_x()];
}
KERNEL(fault_none_copy, FaultArguments, 256) { copy_reversed<Copying::Right>(args); }
KERNEL(fault_missing_copy_wait, FaultArguments, 256) { copy_reversed<Copying::NoWait>(args); }
KERNEL(fault_copy_wait_short, FaultArguments, 256) { copy_reversed<Copying::OneGroupShort>(args); }
KERNEL(fault_copy_without_barrier, FaultArguments, 256) { copy_reversed<Copying::NoBarrier>(args); }
KERNEL(fault_copy_misaligned, FaultArguments, 256) { copy_reversed<Copying::Misaligned>(args); }

// --- divergence ---

KERNEL(fault_divergent_barrier, FaultArguments, 256) {
    if (thread_x() < 128)
        block_barrier();
    else
        block_barrier();
    args.output[thread_x()] = 0;
}

KERNEL(fault_early_exit, FaultArguments, 256) {
    if (thread_x() == 77)
        return;
    block_barrier();
    args.output[thread_x()] = 0;
}

// Half a warp waits for the other half, which waits for all.
KERNEL(fault_deadlock, FaultArguments, 256) {
    if (lane() < 16)
        warp_barrier();
    block_barrier();
    args.output[thread_x()] = 0;
}

KERNEL(fault_divergent_shuffle, FaultArguments, 256) {
    float value = args.input[thread_x()];
    if (lane() < 31)
        value = shuffle_xor(value, 1);
    args.output[thread_x()] = value;
}

// Waits for a block that never says so.
KERNEL(fault_spins, FaultArguments, 256) {
    uint32_t* flag = (uint32_t*)args.output;
    while (atomic_or(flag, 0) != 1)
        ;
}

// --- collectives ---

// output[block] = the sum of the block's inputs; blocks of 256.
KERNEL(fault_none_sum, FaultArguments, 256) {
    SHARED(float, sums, 8);
    int i = block_x() * block_threads() + thread_x();
    float sum = warp_sum(i < args.count ? args.input[i] : 0.0f);
    if (lane() == 0)
        sums[warp()] = sum;
    block_barrier();
    if (warp() == 0) {
        sum = warp_sum(lane() < 8 ? sums[lane()] : 0.0f);
        if (lane() == 0)
            args.output[block_x()] = sum;
    }
}

// What every shuffle and vote gives: ten rows of 32 words at output; one warp.
KERNEL(fault_none_shuffles, FaultArguments, 32) {
    uint32_t value = 1000u + lane(), *row = (uint32_t*)args.output + lane();
    row[0 * 32] = shuffle_xor(value, 5);
    row[1 * 32] = shuffle_up(value, 3);
    row[2 * 32] = shuffle_down(value, 3);
    row[3 * 32] = shuffle(value, (lane() * 7) & 31);
    row[4 * 32] = warp_ballot(lane() % 3 == 0);
    row[5 * 32] = warp_any(lane() == 9);
    row[6 * 32] = warp_all(lane() < 31);
    row[7 * 32] = (uint32_t)(shuffle_xor((uint64_t)value << 32 | 7u, 1) >> 32);
    row[8 * 32] = (uint32_t)shuffle_up((double)value, 1);
    row[9 * 32] = (uint32_t)warp_largest((float)value);
}

// output[16×8] = A[16×16] · B[16×8], with A at input, row by row, and behind it B, column by column, of 16-bit numbers; one warp
// a product. count: 0 half precision; 1 bfloat16; 2 half precision, with B row by row.
KERNEL(fault_none_product, FaultArguments, 32) {
    SHARED(uint16_t, tile, 16 * 16);
    SHARED(uint16_t, other, 16 * 8);
    const uint16_t* input = (const uint16_t*)args.input;
    copy_async(tile + lane() * 8, input + lane() * 8);
    if (lane() < 16)
        copy_async(other + lane() * 8, input + 256 + lane() * 8);
    copy_commit();
    copy_wait<0>();
    warp_barrier();
    int group = lane() / 4, pair = lane() % 4 * 2;
    uint32_t a[4], b[4];
    load_matrices(a, tile + lane() % 16 * 16 + lane() / 16 * 8);
    // The upper and the lower half of B; the others of the four are not used.
    if (args.count == 2)
        load_matrices_transposed(b, other + lane() % 16 * 8);
    else
        load_matrices(b, other + lane() % 8 * 16 + lane() / 8 % 2 * 8);
    uint32_t column[2] = { b[0], b[1] };
    float c[4] = { 0, 0, 0, 0 };
    if (args.count == 1)
        multiply_bfloat(c, a, column);
    else
        multiply_half(c, a, column);
    args.output[group * 8 + pair] = c[0];
    args.output[group * 8 + pair + 1] = c[1];
    args.output[(group + 8) * 8 + pair] = c[2];
    args.output[(group + 8) * 8 + pair + 1] = c[3];
}
