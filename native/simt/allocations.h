// What memory there is: on a device, and pinned on the host. Kernels may touch nothing else.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <map>
#include <shared_mutex>

namespace simt {

// Each allocation has pages of its own, and at least one page that belongs to none lies behind it.
class Allocations {
public:
    struct Range { uint64_t start, size; };

    // 0 where the host has no such memory. `filled`: poison it; large ones at their edges only, so that they stay lazy.
    uint64_t allocate(size_t bytes, bool filled);
    // Whether there was one that begins there.
    bool free(uint64_t start);
    void free_all();
    // The one with these bytes; size 0: none.
    Range find(uint64_t address, uint64_t bytes) const;
    // The one nearest to the address; size 0: there is none at all.
    Range nearest(uint64_t address) const;
    uint64_t used() const;

private:
    static uint64_t mapped_bytes(uint64_t size);
    mutable std::shared_mutex lock_;
    std::map<uint64_t, uint64_t> ranges_; // start → size
    uint64_t used_ = 0;
};

// Of cuMemHostAlloc; every device may touch it.
Allocations& pinned();

}
