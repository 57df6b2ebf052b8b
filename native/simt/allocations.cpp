#include "allocations.h"

#include <string.h>
#include <sys/mman.h>
#include <mutex>

namespace simt {

constexpr uint64_t page = 4096, large = 64 << 20, edge = 1 << 20;

uint64_t Allocations::mapped_bytes(uint64_t size) { return ((size + page - 1) & ~(page - 1)) + page; }

uint64_t Allocations::allocate(size_t bytes, bool filled) {
    void* memory = mmap(nullptr, mapped_bytes(bytes), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return 0;
    if (filled) {
        if (bytes <= large)
            memset(memory, 0xff, bytes);
        else {
            memset(memory, 0xff, edge);
            memset((char*)memory + bytes - edge, 0xff, edge);
        }
    }
    std::unique_lock<std::shared_mutex> hold(lock_);
    ranges_[(uint64_t)memory] = bytes;
    used_ += bytes;
    return (uint64_t)memory;
}

bool Allocations::free(uint64_t start) {
    std::unique_lock<std::shared_mutex> hold(lock_);
    auto found = ranges_.find(start);
    if (found == ranges_.end())
        return false;
    munmap((void*)start, mapped_bytes(found->second));
    used_ -= found->second;
    ranges_.erase(found);
    return true;
}

void Allocations::free_all() {
    std::unique_lock<std::shared_mutex> hold(lock_);
    for (auto& [start, size] : ranges_)
        munmap((void*)start, mapped_bytes(size));
    ranges_.clear();
    used_ = 0;
}

Allocations::Range Allocations::find(uint64_t address, uint64_t bytes) const {
    std::shared_lock<std::shared_mutex> hold(lock_);
    auto after = ranges_.upper_bound(address);
    if (after == ranges_.begin())
        return {0, 0};
    auto [start, size] = *--after;
    uint64_t offset = address - start;
    return offset <= size && bytes <= size - offset ? Range{start, size} : Range{0, 0};
}

Allocations::Range Allocations::nearest(uint64_t address) const {
    std::shared_lock<std::shared_mutex> hold(lock_);
    if (ranges_.empty())
        return {0, 0};
    auto after = ranges_.upper_bound(address);
    if (after == ranges_.begin())
        return {after->first, after->second};
    auto before = std::prev(after);
    bool is_after = after != ranges_.end() && after->first - address < address - (before->first + before->second);
    return is_after ? Range{after->first, after->second} : Range{before->first, before->second};
}

uint64_t Allocations::used() const {
    std::shared_lock<std::shared_mutex> hold(lock_);
    return used_;
}

Allocations& pinned() {
    static Allocations* all = new Allocations; // lives as long as the library's threads
    return *all;
}

}
