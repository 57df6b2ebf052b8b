#include "operations.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <algorithm>
#include "source_lines.h"
#include "workers.h"

CUresult LaunchOperation::run(Context& context) {
    static uint64_t launches = 0; // the executor's own
    simt::Launch launch;
    launch.kernel = kernel;
    launch.arguments = arguments.data();
    std::copy(grid, grid + 3, launch.grid);
    launch.threads = threads;
    launch.dynamic_shared_bytes = dynamic_shared_bytes;
    launch.allocations = &context.memory;
    launch.seed = machine->seed == 0 ? 0 : machine->seed * 0x9e3779b97f4a7c15 + ++launches;
    simt::run(launch);
    if (launch.fault == simt::Fault::None)
        return CUDA_SUCCESS;
    launch.report += simt::source_line(launch.fault_caller);
    fprintf(stderr, "LlamaEngine software device: %s\n", launch.report.c_str());
    std::lock_guard<std::mutex> hold(machine->lock);
    machine->last_report = launch.report;
    machine->reported = &context;
    return (CUresult)launch.fault;
}

CUresult CopyOperation::run(Context&) {
    memmove(target, staged != nullptr ? staged.get() : source, bytes);
    return CUDA_SUCCESS;
}

CUresult SetOperation::run(Context&) {
    if (width == 1)
        memset(target, (int)value, count);
    else
        std::fill_n((uint32_t*)target, count, value);
    return CUDA_SUCCESS;
}

CUresult RecordOperation::run(Context&) { return CUDA_SUCCESS; }

void RecordOperation::finished() {
    if (machine->events.count(event) == 0)
        return;
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    event->time = (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
    event->completed = std::max(event->completed, number);
}

bool WaitOperation::ready() const { return machine->events.count(event) == 0 || event->completed >= number; }
