// Whether what a thread does to shared memory is safe whatever order threads run in.
#pragma once

#include "engine.h"

namespace simt {

// What is known of four bytes. Times are of Worker::clock, which ticks at every barrier.
struct SharedWord {
    uint32_t write_time, read_time;
    uint16_t writer, reader;    // a thread, or several_of_warp + its warp, or several
    uint8_t write_mask;         // the bytes it wrote; of several, all bytes that any of them wrote
    uint8_t read_mask;          // the bytes it read; of several, the bytes that each of them read
    uint8_t written;            // the bytes that have a value, where write_time is of this block
    bool atomic;                // the last write was an atomic
};
constexpr uint16_t several_of_warp = 1024, several = 2047;

// `offset` is from the beginning of shared memory.
void check_shared_access(Worker& w, uint64_t offset, long bytes, Access access, const void* caller);

}
