#include "machine.h"

#include <stdlib.h>
#include <thread>
#include "visible_devices.h"

Machine* machine = nullptr;
constinit thread_local Context* current_context = nullptr;

static uint64_t number(const char* name, uint64_t otherwise) {
    const char* text = getenv(name);
    return text != nullptr && *text != 0 ? strtoull(text, nullptr, 10) : otherwise;
}

Machine::Machine() {
    for (int index : visible_devices((int)number("LLAMAENGINE_SIMT_DEVICES", 2), getenv("CUDA_VISIBLE_DEVICES"))) {
        Context& device = devices.emplace_back();
        device.ordinal = (int)devices.size() - 1;
        device.uuid = device_uuid(index);
    }
    memory_bytes = number("LLAMAENGINE_SIMT_MEMORY", 4ull << 30);
    seed = number("LLAMAENGINE_SIMT_SEED", 0);
    const char* compute = getenv("LLAMAENGINE_SIMT_CC");
    compute_major = 8, compute_minor = 0;
    if (compute != nullptr)
        sscanf(compute, "%d.%d", &compute_major, &compute_minor);
    std::thread([this] { execute(); }).detach();
}

CUresult check_context() {
    if (machine == nullptr)
        return CUDA_ERROR_NOT_INITIALIZED;
    if (current_context == nullptr || current_context->references == 0)
        return CUDA_ERROR_INVALID_CONTEXT;
    return current_context->error;
}

void Machine::queue(Stream& stream, OperationPointer operation) {
    if (stream.capture != nullptr) {
        stream.capture->operations.push_back(std::move(operation));
        return;
    }
    stream.queue.emplace_back(queued_++, std::move(operation));
    work.notify_one();
}

// The stream whose next operation runs: the one that was queued first, or any with a seed.
Stream* Machine::choose() {
    Stream* chosen = nullptr;
    unsigned candidates = 0;
    for (Stream* stream : streams) {
        if (stream->queue.empty() || (stream->context->error == CUDA_SUCCESS && !stream->queue.front().second->ready()))
            continue;
        candidates++;
        random_ = random_ * 6364136223846793005 + 1442695040888963407;
        bool better = chosen == nullptr || (seed != 0 ? (random_ >> 33) % candidates == 0 : stream->queue.front().first < chosen->queue.front().first);
        if (better)
            chosen = stream;
    }
    return chosen;
}

void Machine::execute() {
    std::unique_lock<std::mutex> hold(lock);
    random_ = seed;
    for (;;) {
        Stream* stream = choose();
        if (stream == nullptr) {
            work.wait(hold);
            continue;
        }
        OperationPointer operation = stream->queue.front().second;
        Context& context = *stream->context;
        if (context.error == CUDA_SUCCESS) {
            hold.unlock();
            CUresult result = operation->run(context);
            hold.lock();
            if (result != CUDA_SUCCESS)
                context.error = result;
        }
        operation->finished();
        stream->queue.pop_front();
        changed.notify_all();
    }
}

bool Machine::idle(const Context& context) const {
    for (const Stream* stream : streams)
        if (stream->context == &context && !stream->queue.empty())
            return false;
    return true;
}

void Machine::wait_idle(std::unique_lock<std::mutex>& hold, const Context& context) {
    changed.wait(hold, [&] { return idle(context); });
}

template <class T> static void drop(std::set<T*>& all, const Context& context) {
    for (auto i = all.begin(); i != all.end();) {
        if ((*i)->context == &context) {
            delete *i;
            i = all.erase(i);
        } else
            ++i;
    }
}

void Machine::reset(std::unique_lock<std::mutex>& hold, Context& context) {
    wait_idle(hold, context);
    drop(streams, context);
    drop(events, context);
    drop(graph_execs, context);
    drop(graphs, context);
    for (auto i = functions.begin(); i != functions.end();)
        i = (*i)->context == &context ? functions.erase(i) : std::next(i);
    drop(modules, context);
    context.memory.free_all();
    context.error = CUDA_SUCCESS;
    if (reported == &context)
        last_report.clear();
}
