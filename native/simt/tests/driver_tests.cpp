// Tests of the driver API: what it refuses, the order of streams, captures.
#include "device_under_test.h"
#include "session.h"

#include "../visible_devices.h"

static void bad_handles_and_values_are_refused() {
    Session session;
    CUdeviceptr address = session.memory(100), unknown = 0x1234;
    std::vector<char> bytes(100);
    EXPECT(CUDA_ERROR_INVALID_VALUE, cuMemAlloc_v2(nullptr, 4));
    EXPECT(CUDA_ERROR_INVALID_VALUE, cuMemAlloc_v2(&unknown, 0));
    EXPECT(CUDA_ERROR_OUT_OF_MEMORY, cuMemAlloc_v2(&unknown, 1ull << 60));
    EXPECT(CUDA_ERROR_INVALID_VALUE, cuMemFree_v2(0x1234));
    EXPECT(CUDA_ERROR_INVALID_VALUE, cuMemFree_v2(address + 4));
    EXPECT(CUDA_ERROR_INVALID_VALUE, cuMemFreeHost(bytes.data()));
    EXPECT(CUDA_ERROR_INVALID_VALUE, cuMemcpyHtoDAsync_v2(address, bytes.data(), 101, session.stream));
    EXPECT(CUDA_ERROR_INVALID_VALUE, cuMemcpyDtoHAsync_v2(bytes.data(), address + 1, 100, session.stream));
    EXPECT(CUDA_ERROR_INVALID_VALUE, cuMemcpyHtoDAsync_v2(address, nullptr, 4, session.stream));
    EXPECT(CUDA_ERROR_INVALID_HANDLE, cuMemcpyHtoDAsync_v2(address, bytes.data(), 4, (CUstream)bytes.data()));
    EXPECT(CUDA_ERROR_INVALID_VALUE, cuMemsetD32Async(address + 2, 0, 1, session.stream));
    EXPECT(CUDA_ERROR_INVALID_HANDLE, cuStreamSynchronize((CUstream)bytes.data()));
    EXPECT(CUDA_ERROR_INVALID_HANDLE, cuEventRecord((CUevent)bytes.data(), session.stream));
    EXPECT(CUDA_ERROR_INVALID_HANDLE, cuModuleUnload((CUmodule)bytes.data()));
    EXPECT(CUDA_ERROR_INVALID_VALUE, cuGraphLaunch((CUgraphExec)bytes.data(), session.stream));
    EXPECT(CUDA_ERROR_INVALID_CONTEXT, cuCtxSetCurrent((CUcontext)bytes.data()));
    OK(cuMemFree_v2(address));
    EXPECT(CUDA_ERROR_INVALID_VALUE, cuMemFree_v2(address));
    size_t free, total;
    OK(cuMemGetInfo_v2(&free, &total));
    CHECK(free == total, "%zu of %zu", free, total);
}

static void launches_outside_the_bounds_are_refused() {
    Session session;
    CUdeviceptr address = session.memory(4096);
    Arguments arguments = {address, address, 0, 0};
    EXPECT(CUDA_ERROR_INVALID_VALUE, session.launch("fault_none", arguments, 0, 256));
    EXPECT(CUDA_ERROR_INVALID_VALUE, session.launch("fault_none", arguments, 1, 0));
    EXPECT(CUDA_ERROR_INVALID_VALUE, session.launch("fault_none", arguments, 1, 257));
    EXPECT(CUDA_ERROR_INVALID_VALUE, session.launch("fault_none", arguments, 1, 256, 49153));
    EXPECT(CUDA_ERROR_INVALID_VALUE, cuFuncSetAttribute(session.function("fault_none"), 8, 232449));
    OK(cuFuncSetAttribute(session.function("fault_none"), 8, 232448));
    OK(session.launch("fault_none", arguments, 1, 256, 232448));
    OK(cuCtxSynchronize());
}

static void modules_are_checked() {
    Session session;
    CUmodule module;
    CUfunction function;
    EXPECT(CUDA_ERROR_INVALID_IMAGE, cuModuleLoadData(&module, "no PTX"));
    EXPECT(CUDA_ERROR_INVALID_PTX, cuModuleLoadData(&module, ".version x\n.target sm_80\n"));
    EXPECT(CUDA_ERROR_NO_BINARY_FOR_GPU, cuModuleLoadData(&module, ".version 8.0\n.target sm_90a\n"));
    EXPECT(CUDA_ERROR_UNSUPPORTED_PTX_VERSION, cuModuleLoadData(&module, ".version 9.9\n.target sm_80\n"));
    OK(cuModuleLoadData(&module, ".version 8.0\n.target sm_80\n.visible .entry fault_none(\n) { }\n.entry not_in_this_library() { }"));
    OK(cuModuleGetFunction(&function, module, "fault_none"));
    EXPECT(CUDA_ERROR_NOT_FOUND, cuModuleGetFunction(&function, module, "fault_none_sum")); // not in the image
    EXPECT(CUDA_ERROR_NOT_FOUND, cuModuleGetFunction(&function, module, "not_in_this_library"));
    EXPECT(CUDA_ERROR_NOT_FOUND, cuModuleGetFunction(&function, module, "fault"));
    CHECK(simtKernelArgumentBytes("fault_none") == sizeof(Arguments), "");
    CHECK(simtKernelArgumentBytes("fault") == -1, "");
}

// Two streams without an event in between come in either order, depending on the seed; with one, never.
static void streams_are_ordered_by_events_alone() {
    int swapped = 0;
    for (uint64_t seed = 1; seed <= 40; seed++)
        for (bool ordered : {true, false}) {
            simtSetSeed(seed);
            Session session;
            CUstream other;
            CUevent begin, written;
            OK(cuStreamCreate(&other, 1));
            OK(cuEventCreate(&begin, 2));
            OK(cuEventCreate(&written, 0));
            CUdeviceptr a = session.memory(4), b = session.memory(4), large = session.memory(16 << 20);
            OK(cuMemsetD32Async(a, 1, 1, session.stream));
            OK(cuCtxSynchronize());
            // Something long holds both back until all is queued.
            OK(cuMemsetD8Async(large, 0, 16 << 20, session.stream));
            OK(cuEventRecord(begin, session.stream));
            OK(cuStreamWaitEvent(other, begin, 0));
            OK(cuMemsetD32Async(a, 2, 1, session.stream));
            OK(cuEventRecord(written, session.stream));
            if (ordered)
                OK(cuStreamWaitEvent(other, written, 0));
            uint32_t* pinned;
            OK(cuMemHostAlloc((void**)&pinned, 4, 0));
            OK(cuMemcpyDtoHAsync_v2(pinned, a, 4, other));
            OK(cuCtxSynchronize());
            CHECK(!ordered || *pinned == 2, "seed %d", (int)seed);
            swapped += !ordered && *pinned == 1;
            OK(cuMemFreeHost(pinned));
            OK(cuMemFree_v2(b));
            OK(cuEventQuery(written));
            float milliseconds;
            EXPECT(CUDA_ERROR_INVALID_HANDLE, cuEventElapsedTime(&milliseconds, begin, written)); // begin has no time
        }
    CHECK(swapped > 0, "no seed showed the missing event");
}

// Pageable memory is the caller's again after the call, pinned memory once the copy is done.
static void copies_take_pageable_bytes_at_the_call() {
    simtSetSeed(0);
    Session session;
    CUdeviceptr a = session.memory(4), b = session.memory(4), large = session.memory(64 << 20);
    uint32_t pageable = 1, *pinned, result = 0;
    OK(cuMemHostAlloc((void**)&pinned, 4, 0));
    *pinned = 1;
    for (int i = 0; i < 4; i++)
        OK(cuMemsetD8Async(large, 0, 64 << 20, session.stream));
    OK(cuMemcpyHtoDAsync_v2(a, &pageable, 4, session.stream));
    OK(cuMemcpyHtoDAsync_v2(b, pinned, 4, session.stream));
    EXPECT(CUDA_ERROR_NOT_READY, cuStreamQuery(session.stream));
    pageable = *pinned = 2;
    OK(cuMemcpyDtoHAsync_v2(&result, a, 4, session.stream));
    CHECK(result == 1, "%u", result);
    OK(cuMemcpyDtoHAsync_v2(&result, b, 4, session.stream));
    CHECK(result == 2, "%u", result);
    OK(cuMemFreeHost(pinned));
}

static void graphs_replay_what_was_captured() {
    for (uint64_t seed = 0; seed <= 8; seed++) {
        simtSetSeed(seed);
        Session session;
        CUstream other;
        CUevent fork, join;
        OK(cuStreamCreate(&other, 1));
        OK(cuEventCreate(&fork, 2));
        OK(cuEventCreate(&join, 2));
        std::vector<float> values = {1, 2, 3, 4};
        CUdeviceptr a = session.memory(values), b = session.memory(16);
        CUgraph graph;
        CUgraphExec executable;
        OK(cuStreamBeginCapture_v2(session.stream, 1));
        int capturing;
        OK(cuStreamIsCapturing(session.stream, &capturing));
        CHECK(capturing == 1, "");
        // b = 2 a on this stream, then a = 2 b on the other.
        OK(session.launch("fault_none", {a, b, 4, 0}, 1, 256));
        OK(cuEventRecord(fork, session.stream));
        OK(cuStreamWaitEvent(other, fork, 0));
        CUstream first = session.stream;
        session.stream = other;
        OK(session.launch("fault_none", {b, a, 4, 0}, 1, 256));
        session.stream = first;
        OK(cuEventRecord(join, other));
        OK(cuStreamWaitEvent(session.stream, join, 0));
        OK(cuStreamEndCapture(session.stream, &graph));
        OK(cuGraphInstantiateWithFlags(&executable, graph, 0));
        OK(cuGraphDestroy(graph));
        CHECK(session.read<float>(a, 4)[3] == 4, "a capture runs nothing");
        OK(cuGraphLaunch(executable, session.stream));
        OK(cuGraphLaunch(executable, session.stream));
        CHECK(session.read<float>(a, 4)[3] == 64, "");
        OK(cuGraphExecDestroy(executable));
        EXPECT(CUDA_ERROR_INVALID_VALUE, cuGraphLaunch(executable, session.stream));
    }
}

static void captures_refuse_waiting() {
    Session session;
    CUdeviceptr more;
    CUgraph graph;
    OK(cuStreamBeginCapture_v2(session.stream, 2));
    OK(cuMemAlloc_v2(&more, 4));
    EXPECT(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, cuStreamSynchronize(session.stream));
    EXPECT(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, cuMemsetD8Async(more, 0, 4, session.stream));
    EXPECT(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, cuStreamEndCapture(session.stream, &graph));
    CHECK(graph == nullptr, "");
    EXPECT(CUDA_ERROR_ILLEGAL_STATE, cuStreamEndCapture(session.stream, &graph));
    OK(cuStreamBeginCapture_v2(session.stream, 1));
    EXPECT(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, cuMemAlloc_v2(&more, 4));
    EXPECT(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, cuStreamEndCapture(session.stream, &graph));
    OK(cuStreamSynchronize(session.stream));
}

static void a_reset_heals_the_context() {
    Session session;
    CUdeviceptr address = session.memory(16);
    OK(session.launch("fault_null", {address, address, 0, 0}, 1, 32));
    EXPECT(CUDA_ERROR_ILLEGAL_ADDRESS, cuCtxSynchronize());
    OK(cuDevicePrimaryCtxReset_v2(0));
    OK(cuCtxSynchronize());
    EXPECT(CUDA_ERROR_INVALID_HANDLE, cuStreamSynchronize(session.stream));
    EXPECT(CUDA_ERROR_INVALID_VALUE, cuMemFree_v2(address));
    CHECK(simtLastReport(nullptr, 0) == 0, "");
}

static void visible_devices_are_those_of_the_list() {
    auto check = [](const char* list, std::vector<int> expected) { CHECK(visible_devices(3, list) == expected, "'%s'", list != nullptr ? list : "null"); };
    check(nullptr, {0, 1, 2});
    check("", {});
    check("-1", {});
    check("2,0", {2, 0});
    check(" 1 , 0 ", {1, 0});
    check("0,7,1", {0});
    check("1,x", {1});
    check("0,0", {});
    check("GPU-4c,GPU-4e6c616d", {0, 2});
    check("GPU-", {});
    check("GPU-ff", {});
}

int main() {
    OK(cuInit(0));
    bad_handles_and_values_are_refused();
    launches_outside_the_bounds_are_refused();
    modules_are_checked();
    streams_are_ordered_by_events_alone();
    copies_take_pageable_bytes_at_the_call();
    graphs_replay_what_was_captured();
    captures_refuse_waiting();
    a_reset_heals_the_context();
    visible_devices_are_those_of_the_list();
    printf(failures == 0 ? "all passed\n" : "%d failed\n", failures);
    return failures != 0;
}
