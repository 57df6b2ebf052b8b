// Every load and store of a kernel comes here: the compiler's thread-sanitizer instrumentation calls the __tsan functions, which
// this file defines in place of the sanitizer's runtime.
#include "allocations.h"
#include "shared_checks.h"

#include <dlfcn.h>
#include <string.h>

namespace simt {

void begin_block_checks(Worker& w) {
    if (w.clock > 0xf0000000u) {
        memset((void*)w.words, 0, shared_mapping / 4 * sizeof(SharedWord));
        w.clock = 0;
    }
    w.block_began = w.ordered = ++w.clock;
}

static const char* name_of(Access access) { return access == Access::Read ? "read" : access == Access::Atomic ? "atomic" : "write"; }

[[noreturn]] static void report_out_of_bounds(Worker& w, uint64_t address, long bytes, Access access, const void* caller) {
    if (address - (uint64_t)w.threads[0].stack < (uint64_t)(w.shared - w.threads[0].stack))
        stop(Fault::IllegalAddress, caller, "out-of-bounds %s of %ld bytes: they are local to another thread, or past the end of this one's", name_of(access), bytes);
    Allocations::Range near = w.launch->allocations->nearest(address);
    if (near.size == 0)
        stop(Fault::IllegalAddress, caller, "out-of-bounds %s of %ld bytes at 0x%lx; nothing is allocated", name_of(access), bytes, (unsigned long)address);
    bool before = address < near.start;
    stop(Fault::IllegalAddress, caller, "out-of-bounds %s of %ld bytes at 0x%lx; the nearest allocation has %lu bytes at 0x%lx, so that is %ld bytes %s", name_of(access),
        bytes, (unsigned long)address, (unsigned long)near.size, (unsigned long)near.start,
        before ? (long)(near.start - address) : (long)(address - near.start - near.size), before ? "before its start" : "from its end");
}

// Constants of the kernels.
static bool is_of_this_library(uint64_t address) {
    Dl_info own, other;
    return dladdr((void*)&is_of_this_library, &own) != 0 && dladdr((void*)address, &other) != 0 && own.dli_fbase == other.dli_fbase;
}

// The way for whatever the page cache does not have.
[[gnu::noinline]] static void check_elsewhere(Worker& w, uint64_t address, long bytes, Access access, const void* caller) {
    const Launch& l = *w.launch;
    uint64_t page = address >> 12;
    Allocations::Range range = l.allocations->find(address, (uint64_t)bytes);
    if (range.size == 0)
        range = pinned().find(address, (uint64_t)bytes);
    if (range.size == 0 && access == Access::Read && is_of_this_library(address))
        range = {page << 12, 4096};
    if (range.size == 0)
        report_out_of_bounds(w, address, bytes, access, caller);
    w.pages[page % 256] = {page, range.start, range.size};
}

static inline void check(const void* pointer, long bytes, Access access, const void* caller) {
    Worker& w = *worker;
    uint64_t address = (uint64_t)pointer;
    const CachedPage& cached = w.pages[(address >> 12) % 256];
    if (cached.page == address >> 12 && address - cached.start + (uint64_t)bytes <= cached.size)
        return;
    if (address - (uint64_t)w.shared < (uint64_t)shared_mapping)
        return check_shared_access(w, address - (uint64_t)w.shared, bytes, access, caller);
    const Thread& self = *w.current;
    if (address - (uint64_t)self.stack < (uint64_t)(self.stack_end - self.stack))
        return;
    if (access == Access::Read && address - (uint64_t)w.launch->arguments < (uint64_t)w.launch->kernel->argument_bytes)
        return;
    check_elsewhere(w, address, bytes, access, caller);
}

void check_access(const void* address, long bytes, Access access, const void* caller) { check(address, bytes, access, caller); }

void check_alignment(const void* address, int bytes) { check_alignment(address, bytes, __builtin_return_address(0)); }

void check_alignment(const void* address, int bytes, const void* caller) {
    if (((uint64_t)address & (uint64_t)(bytes - 1)) != 0)
        stop(Fault::MisalignedAddress, caller, "misaligned access of %d bytes at 0x%lx", bytes, (unsigned long)address);
}

void check_shared(const void* address, long bytes) {
    if ((uint64_t)address - (uint64_t)worker->shared >= (uint64_t)shared_mapping)
        stop(Fault::IllegalAddress, nullptr, "%ld bytes at 0x%lx are no shared memory", bytes, (unsigned long)address);
}

template <int Bytes> static inline void natural(const void* address, Access access, const void* caller) {
    if (((uint64_t)address & (Bytes - 1)) != 0)
        stop(Fault::MisalignedAddress, caller, "misaligned %s of %d bytes at 0x%lx", name_of(access), Bytes, (unsigned long)address);
    check(address, Bytes, access, caller);
}

}

using simt::Access;

#pragma GCC visibility push(hidden)
extern "C" {
void __tsan_init() { }
void __tsan_func_entry(void*) { }
void __tsan_func_exit() { }
void __tsan_vptr_update(void**, void*) { }
void __tsan_vptr_read(void**) { }

#define NATURAL(n) \
    void __tsan_read##n(void* a) { simt::natural<n>(a, Access::Read, __builtin_return_address(0)); } \
    void __tsan_write##n(void* a) { simt::natural<n>(a, Access::Write, __builtin_return_address(0)); } \
    void __tsan_volatile_read##n(void* a) { simt::natural<n>(a, Access::Read, __builtin_return_address(0)); } \
    void __tsan_volatile_write##n(void* a) { simt::natural<n>(a, Access::Write, __builtin_return_address(0)); }
NATURAL(1)
NATURAL(2)
NATURAL(4)
NATURAL(8)
NATURAL(16)

// Of types that the source says are aligned less.
#define UNALIGNED(n) \
    void __tsan_unaligned_read##n(void* a) { simt::check(a, n, Access::Read, __builtin_return_address(0)); } \
    void __tsan_unaligned_write##n(void* a) { simt::check(a, n, Access::Write, __builtin_return_address(0)); }
UNALIGNED(2)
UNALIGNED(4)
UNALIGNED(8)
UNALIGNED(16)

void __tsan_read_range(void* a, unsigned long n) { simt::check(a, (long)n, Access::Read, __builtin_return_address(0)); }
void __tsan_write_range(void* a, unsigned long n) { simt::check(a, (long)n, Access::Write, __builtin_return_address(0)); }
}
#pragma GCC visibility pop
