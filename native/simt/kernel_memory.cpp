// What the dialect does to memory beside plain loads and stores: atomics and asynchronous copies.
#include "engine.h"

#include <string.h>

namespace simt {

// Of one block. A kernel that does more spins.
constexpr long most_atomics = 1L << 26;

template <class T, class Change> static inline __attribute__((always_inline)) T atomically(T* address, Change change) {
    check_alignment(address, sizeof(T), __builtin_return_address(0));
    check_access(address, sizeof(T), Access::Atomic, __builtin_return_address(0));
    if (++worker->atomics > most_atomics)
        stop(Fault::LaunchFailed, __builtin_return_address(0), "%ld atomics in one block: a thread seems to wait for what never comes", most_atomics);
    uint32_t before = __atomic_load_n((uint32_t*)address, __ATOMIC_RELAXED), after;
    do
        after = __builtin_bit_cast(uint32_t, change(__builtin_bit_cast(T, before)));
    while (!__atomic_compare_exchange_n((uint32_t*)address, &before, after, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return __builtin_bit_cast(T, before);
}

int32_t atomic_add(int32_t* a, int32_t v) { return atomically(a, [=](int32_t b) { return (int32_t)((uint32_t)b + (uint32_t)v); }); }
uint32_t atomic_add(uint32_t* a, uint32_t v) { return atomically(a, [=](uint32_t b) { return b + v; }); }
float atomic_add(float* a, float v) { return atomically(a, [=](float b) { return b + v; }); }
uint32_t atomic_max(uint32_t* a, uint32_t v) { return atomically(a, [=](uint32_t b) { return b > v ? b : v; }); }
uint32_t atomic_min(uint32_t* a, uint32_t v) { return atomically(a, [=](uint32_t b) { return b < v ? b : v; }); }
uint32_t atomic_or(uint32_t* a, uint32_t v) { return atomically(a, [=](uint32_t b) { return b | v; }); }

// The bytes move only when the thread waits for them, so that a kernel which does not wait finds none.
void copy_async(void* shared, const void* global, Site site) {
    const void* caller = __builtin_return_address(0);
    Thread& self = *worker->current;
    self.site = site;
    check_alignment(shared, 16, caller);
    check_alignment(global, 16, caller);
    check_shared(shared, 16);
    check_access(global, 16, Access::Read, caller);
    check_access(shared, 16, Access::CopyBegins, caller);
    self.copies.push_back({shared, global, self.copy_group});
}

void copy_commit() { worker->current->copy_group++; }

void copy_wait(int pending) {
    Thread& self = *worker->current;
    size_t done = 0;
    for (; done < self.copies.size() && self.copies[done].group < self.copy_group - pending; done++) {
        const PendingCopy& copy = self.copies[done];
        check_access(copy.global, 16, Access::Read, __builtin_return_address(0));
        check_access(copy.shared, 16, Access::Write, __builtin_return_address(0));
        memcpy(copy.shared, copy.global, 16);
    }
    self.copies.erase(self.copies.begin(), self.copies.begin() + (long)done);
}

float exp2_approximate(float v) {
    auto without_subnormals = [](float x) { return __builtin_fabsf(x) < 0x1p-126f ? __builtin_copysignf(0, x) : x; };
    return without_subnormals(__builtin_exp2f(without_subnormals(v)));
}

}
