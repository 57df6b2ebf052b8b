#include "engine.h"
#include "shared_checks.h"

#include <boost/context/detail/fcontext.hpp>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

namespace simt {

using boost::context::detail::jump_fcontext;
using boost::context::detail::make_fcontext;
using boost::context::detail::transfer_t;

constinit thread_local Worker* worker = nullptr;

// Collectives of a warp that follow each other before another warp has its turn.
constexpr uint32_t most_collectives_in_a_row = 64;

// Stacks lie in one mapping, each below a page that may not be touched.
constexpr long stack_bytes = 64 << 10, guard_bytes = 4096, stack_stride = stack_bytes + guard_bytes;

Worker::Worker() {
    char* memory = (char*)mmap(nullptr, stack_stride * most_threads + shared_mapping, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        fprintf(stderr, "LlamaEngine software device: no memory for stacks\n");
        abort();
    }
    for (int i = 0; i < most_threads; i++) {
        char* start = memory + i * stack_stride;
        mprotect(start, guard_bytes, PROT_NONE);
        threads[i].stack = start + guard_bytes;
        // Tops at different offsets within a page, so that the stacks do not compete for the same cache lines.
        threads[i].stack_end = start + stack_stride - i % 16 * 256;
        threads[i].context = nullptr;
        threads[i].x = i;
        threads[i].lane = i % warp_size;
        threads[i].warp = &warps[i / warp_size];
    }
    shared = memory + stack_stride * most_threads;
    words = new SharedWord[shared_mapping / 4]();
    clock = 0;
    memset(pages, 0, sizeof pages);
}

static uint64_t next_random(Worker& w) {
    w.random ^= w.random << 13;
    w.random ^= w.random >> 7;
    w.random ^= w.random << 17;
    return w.random;
}

static void make_ready(Worker& w, int thread) { w.ready[w.tail++ % most_threads] = (uint16_t)thread; }

// Lanes in natural order, or permuted.
static void make_ready(Worker& w, Warp& warp, uint32_t lanes) {
    int first = (int)(&warp - w.warps) * warp_size;
    int flip = w.launch->seed != 0 ? (int)(next_random(w) % warp_size) : 0;
    for (int i = 0; i < warp_size; i++)
        if (lanes >> (i ^ flip) & 1)
            make_ready(w, first + (i ^ flip));
}

// In natural order, before all others: threads that are in the processor's caches go on.
static void make_first(Worker& w, Warp& warp, uint32_t lanes) {
    int first = (int)(&warp - w.warps) * warp_size;
    for (int i = warp_size - 1; i >= 0; i--)
        if (lanes >> i & 1)
            w.ready[--w.head % most_threads] = (uint16_t)(first + i);
}

static Thread& take_ready(Worker& w) {
    if (w.launch->seed != 0) {
        unsigned other = w.head + (unsigned)(next_random(w) % (w.tail - w.head));
        std::swap(w.ready[w.head % most_threads], w.ready[other % most_threads]);
    }
    return w.threads[w.ready[w.head++ % most_threads]];
}

static void resume(Worker& w, Thread& next) {
    Thread& self = *w.current;
    if (&self == &next)
        return;
    w.current = &next;
    transfer_t from = jump_fcontext(next.context, &self);
    static_cast<Thread*>(from.data)->context = from.fctx;
}

// Nobody can go on: each waits for others that wait elsewhere.
[[noreturn]] static void report_deadlock(Worker& w) {
    const Thread *one = nullptr, *other = nullptr;
    for (int i = 0; i < w.launch->threads; i++) {
        const Thread& t = w.threads[i];
        if (t.exited)
            continue;
        if (one == nullptr)
            one = &t;
        else if (other == nullptr && (t.site.line != one->site.line || t.at_barrier != one->at_barrier))
            other = &t;
    }
    if (other == nullptr)
        stop(Fault::LaunchFailed, nullptr, "divergent barrier: thread %d waits at %s:%d for threads that never arrive", one->x, file_name(one->site), one->site.line);
    stop(Fault::LaunchFailed, nullptr, "divergent barrier: thread %d waits at %s:%d and thread %d at %s:%d", one->x, file_name(one->site),
        one->site.line, other->x, file_name(other->site), other->site.line);
}

static void wait(Worker& w) {
    if (w.head == w.tail)
        report_deadlock(w);
    resume(w, take_ready(w));
}

// Comes back when the fiber runs a thread of the next block.
static void end_thread(Worker& w) {
    Thread& self = *w.current;
    self.exited = true;
    self.warp->exited |= 1u << self.lane;
    w.running--;
    if (w.waiting > 0)
        stop(Fault::LaunchFailed, nullptr, "divergent barrier: thread %d ended while others wait at %s:%d", self.x, file_name(w.barrier_site), w.barrier_site.line);
    if (self.warp->arrived != 0)
        stop(Fault::LaunchFailed, nullptr, "divergent warp: thread %d ended while lanes of its warp wait at %s:%d", self.x, file_name(self.warp->site), self.warp->site.line);
    if (w.running == 0)
        resume(w, w.scheduler);
    else
        wait(w);
}

static void begin_thread(transfer_t from) {
    static_cast<Thread*>(from.data)->context = from.fctx;
    for (;;) {
        worker->launch->kernel->body(worker->launch->arguments);
        end_thread(*worker);
    }
}

void Worker::run_block(Launch& l, long index) {
    block[0] = (int)(index % l.grid[0]);
    block[1] = (int)(index / l.grid[0] % l.grid[1]);
    block[2] = (int)(index / l.grid[0] / l.grid[1]);
    head = tail = most_threads; // so that there is room before it
    running = l.threads;
    waiting = 0;
    array_count = 0;
    shared_bytes = declared_bytes = atomics = 0;
    last_array = {};
    if (l.dynamic_shared_bytes > 0) {
        arrays[array_count++] = {nullptr, "of the launch", 0, l.dynamic_shared_bytes};
        shared_bytes = l.dynamic_shared_bytes;
    }
    random = (l.seed + 1) * 0x9e3779b97f4a7c15 ^ (uint64_t)(index + 1) * 0xbf58476d1ce4e5b9;
    for (int i = 0; i < l.threads; i++) {
        Thread& t = threads[i];
        if (t.context == nullptr)
            t.context = make_fcontext(t.stack_end, (size_t)(t.stack_end - t.stack), begin_thread);
        t.exited = t.at_barrier = false;
        t.site = {l.kernel->file, 0};
        t.copy_group = 0;
        t.copies.clear();
    }
    begin_block_checks(*this);
    for (int i = 0; i * warp_size < l.threads; i++) {
        int lanes = l.threads - i * warp_size;
        warps[i].members = lanes >= warp_size ? 0xffffffffu : (1u << lanes) - 1;
        warps[i].arrived = warps[i].exited = warps[i].phase = 0;
        warps[i].ordered = clock;
        make_ready(*this, warps[i], warps[i].members);
    }
    current = &scheduler;
    resume(*this, take_ready(*this));
    // After a fault some fibers stand in the middle of the kernel: they begin anew.
    if (l.stopped)
        for (Thread& t : threads)
            t.context = nullptr;
}

void Worker::run(Launch& l) {
    worker = this;
    launch = &l;
    memset(pages, 0, sizeof pages);
    // With a seed, blocks come in another order, too: a step that shares no factor with their number visits each once.
    long blocks = l.blocks(), step = 1, first = 0;
    if (l.seed != 0) {
        static const long primes[] = {7919, 104729, 1299709, 15485863};
        step = primes[l.seed % 4];
        while (blocks % step == 0)
            step += 2;
        first = (long)(l.seed % (uint64_t)blocks);
        if (blocks % 7919 == 0 || blocks % 104729 == 0 || blocks % 1299709 == 0 || blocks % 15485863 == 0)
            step = 1;
    }
    for (long i; !l.stopped.load(std::memory_order_relaxed) && (i = l.next_block.fetch_add(1)) < blocks;)
        run_block(l, (first + (long)((__int128)i * step % blocks)) % blocks);
}

const char* file_name(Site site) {
    const char* slash = strrchr(site.file, '/');
    return slash != nullptr ? slash + 1 : site.file;
}

void stop(Fault fault, const void* caller, const char* format, ...) {
    Worker& w = *worker;
    Launch& l = *w.launch;
    {
        std::lock_guard<std::mutex> hold(l.report_lock);
        if (l.fault == Fault::None) {
            char what[1024], where[2048];
            va_list list;
            va_start(list, format);
            vsnprintf(what, sizeof what, format, list);
            va_end(list);
            const Thread& t = *w.current;
            int length = snprintf(where, sizeof where, "kernel %s, block (%d, %d, %d), thread %d: %s", l.kernel->name, w.block[0], w.block[1], w.block[2], t.x, what);
            if (t.site.line != 0)
                snprintf(where + length, sizeof where - (size_t)length, "; the thread's last barrier or collective was at %s:%d", file_name(t.site), t.site.line);
            l.report = where;
            l.fault = fault;
            l.fault_caller = caller;
        }
    }
    l.stopped = true;
    // The threads of the block are left where they are: kernels own nothing that would have to be given back.
    resume(w, w.scheduler);
    __builtin_unreachable();
}

int thread_x() { return worker->current->x; }
int block_x() { return worker->block[0]; }
int block_y() { return worker->block[1]; }
int block_z() { return worker->block[2]; }
int grid_x() { return worker->launch->grid[0]; }
int grid_y() { return worker->launch->grid[1]; }
int block_threads() { return worker->launch->threads; }

static long rounded(long bytes) { return (bytes + 15) & ~15L; }

// The launch's own array comes first, the declared ones after it in the order in which threads meet them.
static long place(Worker& w, const void* tag, const char* name, long bytes, Site site) {
    for (int i = 0; i < w.array_count; i++)
        if (w.arrays[i].tag == tag)
            return w.arrays[i].offset;
    w.declared_bytes += rounded(bytes);
    if (w.declared_bytes > most_static_shared_bytes || w.array_count == most_arrays)
        stop(Fault::LaunchFailed, nullptr, "more than %ld bytes of declared shared memory at %s:%d", most_static_shared_bytes, file_name(site), site.line);
    if (w.declared_bytes + w.launch->dynamic_shared_bytes > most_shared_bytes)
        stop(Fault::LaunchFailed, nullptr, "more than %ld bytes of shared memory at %s:%d", most_shared_bytes, file_name(site), site.line);
    long offset = w.array_count == 0 ? 0 : rounded(w.shared_bytes) + array_gap;
    w.arrays[w.array_count++] = {tag, name, offset, bytes};
    w.shared_bytes = offset + bytes;
    return offset;
}

void* shared_array(const void* tag, const char* name, long bytes, Site site) { return worker->shared + place(*worker, tag, name, bytes, site); }
void* dynamic_shared() { return worker->shared; }

void block_barrier(Site site) {
    Worker& w = *worker;
    Thread& self = *w.current;
    self.site = site;
    if (w.running < w.launch->threads)
        stop(Fault::LaunchFailed, nullptr, "divergent barrier: %d of %d threads ended before this one came to %s:%d", w.launch->threads - w.running,
            w.launch->threads, file_name(site), site.line);
    if (w.waiting > 0 && (w.barrier_site.line != site.line || strcmp(w.barrier_site.file, site.file) != 0))
        stop(Fault::LaunchFailed, nullptr, "divergent barrier: this thread came to %s:%d while others wait at %s:%d", file_name(site), site.line,
            file_name(w.barrier_site), w.barrier_site.line);
    w.barrier_site = site;
    if (++w.waiting < w.launch->threads) {
        self.at_barrier = true;
        wait(w);
        return;
    }
    w.waiting = 0;
    w.ordered = ++w.clock;
    int warps = (w.launch->threads + warp_size - 1) / warp_size;
    int turn = w.launch->seed != 0 ? (int)(next_random(w) % (unsigned)warps) : 0;
    for (int i = 0; i < warps; i++) {
        Warp& warp = w.warps[(i + turn) % warps];
        make_ready(w, warp, warp.members);
    }
    for (int i = 0; i < w.launch->threads; i++)
        w.threads[i].at_barrier = false;
    resume(w, take_ready(w));
}

bool arrive(Worker& w, const void* operation, Site site) {
    Thread& self = *w.current;
    Warp& warp = *self.warp;
    self.site = site;
    if (warp.exited != 0 || warp.members != 0xffffffffu)
        stop(Fault::LaunchFailed, nullptr, "divergent warp: at %s:%d only lanes %08x of the warp are there", file_name(site), site.line, warp.members & ~warp.exited);
    if (warp.arrived == 0) {
        warp.operation = operation;
        warp.site = site;
    } else if (warp.operation != operation || warp.site.line != site.line || (warp.site.file != site.file && strcmp(warp.site.file, site.file) != 0))
        stop(Fault::LaunchFailed, nullptr, "divergent warp: this lane came to %s:%d while others of its warp wait at %s:%d", file_name(site), site.line,
            file_name(warp.site), warp.site.line);
    warp.arrived |= 1u << self.lane;
    if (warp.arrived == 0xffffffffu)
        return true;
    wait(w);
    return false;
}

void release(Worker& w) {
    Warp& warp = *w.current->warp;
    warp.arrived = 0;
    warp.phase++;
    if (w.launch->seed != 0) {
        make_ready(w, warp, 0xffffffffu);
        resume(w, take_ready(w));
        return;
    }
    // Now and then others come first, for whom this warp may be waiting.
    uint32_t others = ~(1u << w.current->lane);
    if (warp.phase % most_collectives_in_a_row != 0)
        make_first(w, warp, others);
    else
        make_ready(w, warp, others);
}

void warp_barrier(Site site) {
    static const char operation = 0;
    Worker& w = *worker;
    if (arrive(w, &operation, site)) {
        w.current->warp->ordered = ++w.clock;
        release(w);
    }
}

// Gives all lanes' values, which stay until the collective after the next.
static const uint32_t* exchange(const void* operation, uint32_t value, Site site) {
    Worker& w = *worker;
    Thread& self = *w.current;
    uint32_t* values = (uint32_t*)self.warp->values[self.warp->phase & 1];
    values[self.lane] = value;
    if (arrive(w, operation, site))
        release(w);
    return values;
}

uint32_t shuffle(Shuffle kind, uint32_t value, int operand, Site site) {
    static const char operation[4] = {};
    const uint32_t* values = exchange(&operation[(int)kind], value, site);
    int lane = worker->current->lane;
    // The operand's low five bits count, as on hardware; up and down keep the own value past the end.
    int by = operand & 31;
    switch (kind) {
        case Shuffle::Xor: return values[lane ^ by];
        case Shuffle::Up: return lane >= by ? values[lane - by] : value;
        case Shuffle::Down: return lane + by < warp_size ? values[lane + by] : value;
        default: return values[by];
    }
}

uint32_t ballot(bool value, Site site) {
    static const char operation = 0;
    const uint32_t* values = exchange(&operation, value, site);
    uint32_t result = 0;
    for (int i = 0; i < warp_size; i++)
        result |= values[i] << i;
    return result;
}

// What five rounds of shuffle_xor give, all in one. In each, every lane takes its partner's value of the round before; since a and b
// combine as b and a do, lanes that are `mask` apart have the same value from then on.
template <class Combine> static float butterfly(const void* operation, float value, Site site, Combine combine) {
    Worker& w = *worker;
    Thread& self = *w.current;
    float* values = (float*)self.warp->values[self.warp->phase & 1];
    values[self.lane] = value;
    if (arrive(w, operation, site)) {
        for (int mask = warp_size / 2; mask > 0; mask >>= 1)
            for (int i = 0; i < mask; i++)
                values[i] = combine(values[i], values[i + mask]);
        release(w);
    }
    return values[0];
}

float warp_sum(float value, Site site) {
    static const char operation = 0;
    return butterfly(&operation, value, site, [](float a, float b) { return a + b; });
}

float warp_largest(float value, Site site) {
    static const char operation = 0;
    return butterfly(&operation, value, site, [](float a, float b) { return a != a ? b : b != b ? a : a == b ? (__builtin_signbit(a) ? b : a) : a > b ? a : b; });
}

}
