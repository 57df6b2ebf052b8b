// A context with a stream and the kernels of faults.cu.
#pragma once

#include "device_under_test.h"

struct Arguments {
    CUdeviceptr input, output;
    int count, reserved;
};

struct Session {
    CUcontext context = nullptr;
    CUstream stream = nullptr;
    CUmodule module = nullptr;

    Session() {
        OK(cuDevicePrimaryCtxRetain(&context, 0));
        OK(cuCtxSetCurrent(context));
        OK(cuStreamCreate(&stream, 1));
        OK(cuModuleLoadData(&module, "simt-faults"));
    }
    ~Session() { OK(cuDevicePrimaryCtxRelease_v2(0)); }

    CUfunction function(const char* name) {
        CUfunction result = nullptr;
        EXPECT(CUDA_SUCCESS, cuModuleGetFunction(&result, module, name));
        return result;
    }
    CUdeviceptr memory(size_t bytes) {
        CUdeviceptr result = 0;
        OK(cuMemAlloc_v2(&result, bytes));
        return result;
    }
    template <class T> CUdeviceptr memory(const std::vector<T>& values) {
        CUdeviceptr result = memory(values.size() * sizeof(T));
        OK(cuMemcpyHtoDAsync_v2(result, values.data(), values.size() * sizeof(T), stream));
        return result;
    }
    template <class T> std::vector<T> read(CUdeviceptr address, size_t count) {
        std::vector<T> result(count);
        OK(cuMemcpyDtoHAsync_v2(result.data(), address, count * sizeof(T), stream));
        return result;
    }
    CUresult launch(const char* name, Arguments arguments, unsigned blocks, unsigned threads, unsigned shared = 0) {
        void* parameters[] = {&arguments};
        return cuLaunchKernel(function(name), blocks, 1, 1, threads, 1, 1, shared, stream, parameters, nullptr);
    }
};
