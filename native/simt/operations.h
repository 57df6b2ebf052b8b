// What streams do.
#pragma once

#include "machine.h"

struct LaunchOperation : Operation {
    const simt::Kernel* kernel;
    int grid[3];
    int threads;
    long dynamic_shared_bytes;
    std::vector<uint64_t> arguments; // a copy of the struct
    CUresult run(Context& context) override;
};

struct CopyOperation : Operation {
    void* target;
    const void* source;
    size_t bytes;
    std::unique_ptr<char[]> staged; // the source's bytes, where its owner may change them after the call
    bool done = false;
    CUresult run(Context& context) override;
    void finished() override { done = true; }
};

struct SetOperation : Operation {
    void* target;
    uint32_t value;
    int width; // bytes
    size_t count;
    CUresult run(Context& context) override;
};

struct RecordOperation : Operation {
    Event* event;
    uint64_t number;
    CUresult run(Context& context) override;
    void finished() override;
};

struct WaitOperation : Operation {
    Event* event;
    uint64_t number;
    bool ready() const override;
    CUresult run(Context&) override { return CUDA_SUCCESS; }
};
