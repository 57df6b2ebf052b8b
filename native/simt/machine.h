// The devices of this library, what lives on them, and the order of what is queued there. One lock guards all of it; kernels and
// copies run without it, on the executor, a thread of the library.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>
#include "allocations.h"
#include "cuda.h"
#include "engine.h"

// Something a stream does.
struct Operation {
    virtual ~Operation() = default;
    virtual bool ready() const { return true; }             // with the lock held
    virtual CUresult run(Context& context) = 0;             // without it
    virtual void finished() { }                             // with the lock held, even where the context has failed
};
using OperationPointer = std::shared_ptr<Operation>;

struct Context {
    int ordinal;            // among the visible devices
    CUuuid uuid;
    int references = 0;     // how often the primary context is retained; 0: there is none
    CUresult error = CUDA_SUCCESS; // of a launch, for good
    simt::Allocations memory;
};

struct Function {
    Context* context;
    const simt::Kernel* kernel;
    int dynamic_shared_limit = simt::most_static_shared_bytes;
};

struct Module {
    Context* context;
    std::set<std::string> entries; // of the PTX
    std::map<std::string, std::unique_ptr<Function>> functions;
};

// Which calls a capture forbids beside those that touch its own streams.
enum class CaptureMode { Global, ThreadLocal, Relaxed };

// A capture in progress, and then what it recorded, in the order of the calls.
struct Graph {
    Context* context;
    std::vector<OperationPointer> operations;
    Stream* origin = nullptr;
    bool capturing = true;
    bool invalid = false;
    CaptureMode mode = CaptureMode::Relaxed;
    std::thread::id thread; // that began it
};

struct GraphExec {
    Context* context;
    std::vector<OperationPointer> operations;
};

struct Stream {
    Context* context;
    std::deque<std::pair<uint64_t, OperationPointer>> queue; // the first one stays here while it runs
    Graph* capture = nullptr;
};

struct Event {
    Context* context;
    bool timed;
    uint64_t recorded = 0, completed = 0; // how often
    double time = 0;                      // seconds, of the last completion
    Graph* capture = nullptr;             // recorded in it
};

struct Machine {
    std::mutex lock;
    std::condition_variable work, changed;
    std::deque<Context> devices;    // visible ones
    uint64_t memory_bytes;          // of each
    int compute_major, compute_minor;
    uint64_t seed;
    std::string last_report;        // of a launch whose context is still failed
    const Context* reported = nullptr;

    std::set<Module*> modules;
    std::set<Function*> functions;
    std::set<Stream*> streams;
    std::set<Event*> events;
    std::set<Graph*> graphs;
    std::set<GraphExec*> graph_execs;

    Machine();
    // With the lock held:
    void queue(Stream& stream, OperationPointer operation);
    void wait_idle(std::unique_lock<std::mutex>& hold, const Context& context);
    void reset(std::unique_lock<std::mutex>& hold, Context& context);

private:
    bool idle(const Context& context) const;
    void execute();
    Stream* choose();
    uint64_t queued_ = 0, random_ = 1;
};

// Null before cuInit.
extern Machine* machine;
// Of the calling thread.
extern constinit thread_local Context* current_context;

// Whether the calling thread can use a context: initialized, one current, alive and not failed.
CUresult check_context();
