// How a block of threads runs: each thread is a fiber of one worker, and gives way only where it has to wait for others.
// A worker is an operating-system thread of this library; it runs one block after another.
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <atomic>
#include <mutex>
#include <string>
#include <vector>
#include "simt_device.h"

namespace simt {

class Allocations;

constexpr int warp_size = 32, most_threads = 1024, most_warps = most_threads / warp_size;
constexpr long most_shared_bytes = 232448;      // with the launch's opt-in
constexpr long most_static_shared_bytes = 49152;
constexpr int most_arrays = 64;
constexpr long array_gap = 16; // between shared arrays, so that running over an end is seen
constexpr long shared_mapping = most_shared_bytes + most_arrays * array_gap;

// What a kernel did wrong, by the error the context ends in.
enum class Fault { None = 0, IllegalAddress = 700, MisalignedAddress = 716, LaunchFailed = 719 };

// One launch of a kernel, shared by the workers that run its blocks.
struct Launch {
    const Kernel* kernel;
    const void* arguments;
    int grid[3];
    int threads;
    long dynamic_shared_bytes;
    Allocations* allocations;   // what the device has
    uint64_t seed;              // 0: natural order

    std::atomic<long> next_block{0};
    std::atomic<bool> stopped{false};
    std::mutex report_lock;
    Fault fault = Fault::None;
    std::string report;
    const void* fault_caller = nullptr;
    long blocks() const { return (long)grid[0] * grid[1] * grid[2]; }
};

struct PendingCopy {
    void* shared;
    const void* global;
    int group;
};

struct Warp {
    uint32_t arrived;   // lanes that wait in the collective
    uint32_t members;   // lanes there are
    uint32_t exited;
    uint32_t phase;     // collectives so far; neighbours use different halves of `values`
    const void* operation; // which one the lanes wait in
    Site site;
    uint32_t ordered;   // the time of its last warp barrier
    uint32_t values[2][warp_size];
    float sums[2][16 * 8]; // of a matrix product, row by row
    uint32_t a[4][warp_size], b[2][warp_size];
    uint16_t rows[2][warp_size][8]; // of load_matrices
};

struct Thread {
    void* context;      // where it goes on; null: no fiber yet
    Warp* warp;
    int x, lane;
    char *stack, *stack_end;
    bool exited;
    bool at_barrier;
    Site site;          // the last function of the dialect it called
    int copy_group;     // groups it committed
    std::vector<PendingCopy> copies;
};

struct SharedWord;

struct CachedPage {
    uint64_t page, start, size;
};

struct Worker {
    Worker();

    // The next thread to run comes from `ready`, a ring.
    uint16_t ready[most_threads];
    unsigned head, tail;
    Thread* current;
    Launch* launch;
    int block[3];
    int running;        // threads that have not ended
    int waiting;        // threads at the block's barrier
    Site barrier_site;
    uint64_t random;
    long atomics;       // so far

    // Shared memory. The clock ticks at every barrier, so that an access is before a barrier where its time is less.
    char* shared;
    long shared_bytes;  // up to the last array's end
    uint32_t clock, block_began, ordered; // ordered: the time of the last block barrier
    struct Array { const void* tag; const char* name; long offset, bytes; };
    Array arrays[most_arrays];
    Array last_array;   // that was touched
    int array_count;
    long declared_bytes; // of the arrays that the kernel declares
    SharedWord* words;  // of each four bytes

    CachedPage pages[256];

    Thread scheduler;   // the worker itself
    Thread threads[most_threads];
    Warp warps[most_warps];

    void run(Launch& launch);           // blocks until there are none left
    void run_block(Launch& launch, long index);
};

// Of this operating-system thread; null where it is none of the library's own.
extern constinit thread_local Worker* worker __attribute__((tls_model("initial-exec")));

// Writes the report and ends the launch; never returns to the kernel. `caller`: where in the kernel's code, if known.
[[noreturn, gnu::cold]] void stop(Fault fault, const void* caller, const char* format, ...) __attribute__((format(printf, 3, 4)));

// A collective of a warp. The last lane to arrive gets true, does what is to be done for all, and releases them; the others return
// after that. Results stay in the half of `phase` before the call until the collective after the next.
bool arrive(Worker& w, const void* operation, Site site);
void release(Worker& w);

// A site's file without its folder.
const char* file_name(Site site);

// memory_checks.cpp: whether the running thread may do so; if not, it stops.
enum class Access { Read, Write, Atomic, CopyBegins };
void check_access(const void* address, long bytes, Access access, const void* caller);
void check_alignment(const void* address, int bytes, const void* caller);
void check_shared(const void* address, long bytes); // stops where that is no shared memory
void begin_block_checks(Worker& w);

}
