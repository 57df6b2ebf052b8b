// Two accesses to the same bytes by different threads, one of them a write, need a barrier between them: of the block, or of the
// warp where both are of one. Missing barriers are found in whatever order the threads happen to run, since each word keeps when
// it was last touched, and by whom. Threads of which only "several" is known are judged by what is certain, so that no report is
// false; a mistake may stay unseen where threads share a word byte by byte.
#include "shared_checks.h"

#include <stdio.h>

namespace simt {

// Whether what `who` did at `time` comes before what the running thread does now.
static inline bool is_before(const Worker& w, const Thread& self, uint32_t time, uint16_t who) {
    if (time < w.ordered || who == self.x)
        return true;
    bool same_warp = who < several_of_warp ? who / warp_size == self.x / warp_size : who != several && who - several_of_warp == self.x / warp_size;
    return same_warp && time < self.warp->ordered;
}

// Who touched it when the running thread did so, too.
static inline uint16_t together(const Thread& self, uint16_t who) {
    int warp = self.x / warp_size;
    bool same_warp = who < several_of_warp ? who / warp_size == warp : who == several_of_warp + warp;
    return same_warp ? (uint16_t)(several_of_warp + warp) : several;
}

static const char* name_of(Access access) {
    return access == Access::Read ? "read" : access == Access::Atomic ? "atomic" : access == Access::CopyBegins ? "copy_async" : "write";
}

static const Worker::Array* array_of(const Worker& w, long offset) {
    for (int i = 0; i < w.array_count; i++)
        if (offset >= w.arrays[i].offset && offset < w.arrays[i].offset + w.arrays[i].bytes)
            return &w.arrays[i];
    return nullptr;
}

[[noreturn, gnu::cold, gnu::noinline]] static void report_race(Worker& w, long offset, Access access, uint16_t who, const char* did, const void* caller) {
    const Worker::Array* array = array_of(w, offset);
    char other[64];
    if (who < several_of_warp)
        snprintf(other, sizeof other, "thread %d", who);
    else if (who == several)
        snprintf(other, sizeof other, "several threads");
    else
        snprintf(other, sizeof other, "several threads of warp %d", who - several_of_warp);
    stop(Fault::LaunchFailed, caller, "missing barrier: %s of byte %ld of the shared array %s, which %s %s since the last barrier", name_of(access),
        offset - array->offset, array->name, other, did);
}

[[noreturn, gnu::cold, gnu::noinline]] static void report_unwritten(Worker& w, long offset, Access access, const void* caller) {
    const Worker::Array* array = array_of(w, offset);
    for (const Thread& t : w.threads)
        for (const PendingCopy& copy : t.copies)
            if (!t.exited && offset / 16 == ((char*)copy.shared - w.shared) / 16)
                stop(Fault::LaunchFailed, caller, "missing copy_wait: %s of byte %ld of the shared array %s, which the copy_async of thread %d has not written yet",
                    name_of(access), offset - array->offset, array->name, t.x);
    stop(Fault::LaunchFailed, caller, "uninitialized shared memory: %s of byte %ld of the shared array %s, which nobody has written", name_of(access),
        offset - array->offset, array->name);
}

[[noreturn, gnu::cold, gnu::noinline]] static void report_outside(Worker& w, uint64_t offset, long bytes, Access access, const void* caller) {
    const Worker::Array* nearest = nullptr;
    for (int i = 0; i < w.array_count; i++)
        if ((long)offset >= w.arrays[i].offset)
            nearest = &w.arrays[i];
    if (nearest == nullptr)
        stop(Fault::IllegalAddress, caller, "out-of-bounds %s of %ld bytes of shared memory, which this block has none of", name_of(access), bytes);
    stop(Fault::IllegalAddress, caller, "out-of-bounds %s of %ld bytes at byte %ld of the shared array %s, which has %ld bytes", name_of(access), bytes,
        (long)offset - nearest->offset, nearest->name, nearest->bytes);
}

static inline __attribute__((always_inline)) void read(Worker& w, const Thread& self, SharedWord& word, uint8_t mask, long offset, Access access, const void* caller) {
    if (word.write_time < w.block_began || (mask & ~word.written) != 0)
        report_unwritten(w, offset + (word.write_time < w.block_began ? __builtin_ctz(mask) : __builtin_ctz(mask & ~word.written)), access, caller);
    if ((word.write_mask & mask) != 0 && !is_before(w, self, word.write_time, word.writer) && (word.writer < several_of_warp || word.atomic || mask == 15))
        report_race(w, offset, access, word.writer, "wrote", caller);
    if (is_before(w, self, word.read_time, word.reader)) {
        bool again = word.reader == self.x && word.read_time >= w.ordered;
        word.read_mask = again ? word.read_mask | mask : mask;
        word.reader = (uint16_t)self.x;
    } else {
        word.read_mask &= mask;
        word.reader = together(self, word.reader);
    }
    word.read_time = w.clock;
}

static inline __attribute__((always_inline)) void write(Worker& w, const Thread& self, SharedWord& word, uint8_t mask, long offset, Access access, const void* caller) {
    bool fresh = word.write_time < w.block_began;
    bool after_write = is_before(w, self, word.write_time, word.writer);
    bool atomics = access == Access::Atomic && word.atomic;
    if ((word.write_mask & mask) != 0 && !after_write && !atomics && (word.writer < several_of_warp || word.atomic || mask == 15))
        report_race(w, offset, access, word.writer, "wrote", caller);
    if ((word.read_mask & mask) != 0 && !is_before(w, self, word.read_time, word.reader))
        report_race(w, offset, access, word.reader, "read", caller);
    if (after_write) {
        bool again = word.writer == self.x && word.write_time >= w.ordered;
        word.write_mask = again ? word.write_mask | mask : mask;
        word.writer = (uint16_t)self.x;
    } else {
        word.write_mask |= mask;
        word.writer = together(self, word.writer);
    }
    word.write_time = w.clock;
    word.atomic = access == Access::Atomic;
    uint8_t before = fresh ? 0 : word.written;
    word.written = access == Access::CopyBegins ? before & ~mask : before | mask;
}

static inline __attribute__((always_inline)) void touch(Worker& w, const Thread& self, uint8_t mask, long offset, Access access, const void* caller) {
    SharedWord& word = w.words[offset / 4];
    if (access == Access::Read)
        return read(w, self, word, mask, offset, access, caller);
    if (access == Access::Atomic && (word.write_time < w.block_began || (mask & ~word.written) != 0))
        report_unwritten(w, offset, access, caller);
    write(w, self, word, mask, offset, access, caller);
}

void check_shared_access(Worker& w, uint64_t offset, long bytes, Access access, const void* caller) {
    if (offset - (uint64_t)w.last_array.offset + (uint64_t)bytes > (uint64_t)w.last_array.bytes) {
        const Worker::Array* array = array_of(w, (long)offset);
        if (array == nullptr || (long)offset + bytes > array->offset + array->bytes)
            report_outside(w, offset, bytes, access, caller);
        w.last_array = *array;
    }
    Thread& self = *w.current;
    if (((offset | (uint64_t)bytes) & 3) == 0) {
        for (long at = (long)offset; at < (long)offset + bytes; at += 4)
            touch(w, self, 15, at, access, caller);
        return;
    }
    for (uint64_t at = offset & ~3ull; at < offset + (uint64_t)bytes; at += 4) {
        uint8_t mask = 15;
        if (at < offset)
            mask = (uint8_t)(mask << (offset - at) & 15);
        if (at + 4 > offset + (uint64_t)bytes)
            mask &= (uint8_t)(15 >> (at + 4 - offset - (uint64_t)bytes));
        touch(w, self, mask, (long)at, access, caller);
    }
}

}
