// The driver API: initialization, devices, contexts.
#include <stdio.h>
#include <string.h>
#include <algorithm>
#include "machine.h"
#include "streams.h"

static Context* device_of(CUdevice device) {
    return machine != nullptr && device >= 0 && (size_t)device < machine->devices.size() ? &machine->devices[(size_t)device] : nullptr;
}
static CUresult missing() { return machine == nullptr ? CUDA_ERROR_NOT_INITIALIZED : CUDA_ERROR_INVALID_DEVICE; }

EXPORT CUresult cuInit(unsigned flags) {
    static std::mutex once;
    std::lock_guard<std::mutex> hold(once);
    if (flags != 0)
        return CUDA_ERROR_INVALID_VALUE;
    if (machine == nullptr)
        machine = new Machine;
    return machine->devices.empty() ? CUDA_ERROR_NO_DEVICE : CUDA_SUCCESS;
}

EXPORT CUresult cuDriverGetVersion(int* version) {
    if (version == nullptr)
        return CUDA_ERROR_INVALID_VALUE;
    *version = 12080;
    return CUDA_SUCCESS;
}

EXPORT CUresult cuDeviceGetCount(int* count) {
    if (machine == nullptr)
        return CUDA_ERROR_NOT_INITIALIZED;
    if (count == nullptr)
        return CUDA_ERROR_INVALID_VALUE;
    *count = (int)machine->devices.size();
    return CUDA_SUCCESS;
}

EXPORT CUresult cuDeviceGet(CUdevice* device, int ordinal) {
    if (device == nullptr)
        return CUDA_ERROR_INVALID_VALUE;
    if (device_of(ordinal) == nullptr)
        return missing();
    *device = ordinal;
    return CUDA_SUCCESS;
}

EXPORT CUresult cuDeviceGetName(char* name, int length, CUdevice device) {
    if (device_of(device) == nullptr)
        return missing();
    if (name == nullptr || length <= 0)
        return CUDA_ERROR_INVALID_VALUE;
    snprintf(name, (size_t)length, "LlamaEngine software device (for tests)");
    return CUDA_SUCCESS;
}

EXPORT CUresult cuDeviceGetUuid(CUuuid* uuid, CUdevice device) {
    if (device_of(device) == nullptr)
        return missing();
    if (uuid == nullptr)
        return CUDA_ERROR_INVALID_VALUE;
    *uuid = device_of(device)->uuid;
    return CUDA_SUCCESS;
}
EXPORT CUresult cuDeviceGetUuid_v2(CUuuid* uuid, CUdevice device) { return cuDeviceGetUuid(uuid, device); }

EXPORT CUresult cuDeviceTotalMem_v2(size_t* bytes, CUdevice device) {
    if (device_of(device) == nullptr)
        return missing();
    if (bytes == nullptr)
        return CUDA_ERROR_INVALID_VALUE;
    *bytes = machine->memory_bytes;
    return CUDA_SUCCESS;
}

// The bus number follows the device's identity, not its place among the visible ones.
static int bus_of(CUdevice device) { return device_of(device)->uuid.bytes[15] + 1; }

EXPORT CUresult cuDeviceGetPCIBusId(char* text, int length, CUdevice device) {
    if (device_of(device) == nullptr)
        return missing();
    if (text == nullptr || length < 13)
        return CUDA_ERROR_INVALID_VALUE;
    snprintf(text, (size_t)length, "0000:%02X:00.0", bus_of(device));
    return CUDA_SUCCESS;
}

static int attribute(int which, CUdevice device) {
    switch (which) {
        case 1: return simt::most_threads;                  // threads of a block
        case 2: case 3: return simt::most_threads;          // its x and y
        case 4: return 64;                                  // its z
        case 5: return 0x7fffffff;                          // blocks of a grid: x
        case 6: case 7: return 65535;                       // y and z
        case 8: return simt::most_static_shared_bytes;      // shared memory of a block
        case 9: return 65536;                               // constant memory
        case 10: return simt::warp_size;
        case 11: return 0x7fffffff;                         // pitch
        case 12: case 82: return 65536;                     // registers of a block, of a multiprocessor
        case 13: return 1000000;                            // clock, kHz
        case 14: return 512;                                // texture alignment
        case 15: case 19: case 31: case 41: case 78: return 1; // overlap, mapped host memory, concurrent kernels, unified addresses, priorities
        case 16: return 4;                                  // multiprocessors
        case 33: return bus_of(device);
        case 36: return 1000000;                            // memory clock, kHz
        case 37: return 128;                                // memory bus, bits
        case 38: return 4 << 20;                            // second-level cache
        case 39: return 2048;                               // threads of a multiprocessor
        case 40: return 2;                                  // copy engines
        case 75: return machine->compute_major;
        case 76: return machine->compute_minor;
        case 81: return simt::most_shared_bytes + 1024;     // shared memory of a multiprocessor
        case 97: return simt::most_shared_bytes;            // of a block, with opt-in
        case 106: return 32;                                // blocks of a multiprocessor
        case 111: return 1024;                              // shared memory of a block that the driver keeps
        default: return 0;
    }
}

EXPORT CUresult cuDeviceGetAttribute(int* value, int which, CUdevice device) {
    if (device_of(device) == nullptr)
        return missing();
    if (value == nullptr || which <= 0 || which > 200)
        return CUDA_ERROR_INVALID_VALUE;
    *value = attribute(which, device);
    return CUDA_SUCCESS;
}

EXPORT CUresult cuDevicePrimaryCtxRetain(CUcontext* context, CUdevice device) {
    if (device_of(device) == nullptr)
        return missing();
    if (context == nullptr)
        return CUDA_ERROR_INVALID_VALUE;
    std::lock_guard<std::mutex> hold(machine->lock);
    *context = device_of(device);
    (*context)->references++;
    return CUDA_SUCCESS;
}

EXPORT CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device) {
    Context* context = device_of(device);
    if (context == nullptr)
        return missing();
    std::unique_lock<std::mutex> hold(machine->lock);
    if (context->references == 0)
        return CUDA_ERROR_INVALID_CONTEXT;
    if (--context->references == 0)
        machine->reset(hold, *context);
    return CUDA_SUCCESS;
}

// What lives in the context is gone; it may still be retained, and is then a fresh one.
EXPORT CUresult cuDevicePrimaryCtxReset_v2(CUdevice device) {
    Context* context = device_of(device);
    if (context == nullptr)
        return missing();
    std::unique_lock<std::mutex> hold(machine->lock);
    machine->reset(hold, *context);
    return CUDA_SUCCESS;
}

EXPORT CUresult cuCtxSetCurrent(CUcontext context) {
    if (machine == nullptr)
        return CUDA_ERROR_NOT_INITIALIZED;
    bool known = context == nullptr || std::any_of(machine->devices.begin(), machine->devices.end(), [=](Context& c) { return &c == context && c.references > 0; });
    if (!known)
        return CUDA_ERROR_INVALID_CONTEXT;
    current_context = context;
    return CUDA_SUCCESS;
}

EXPORT CUresult cuCtxGetCurrent(CUcontext* context) {
    if (machine == nullptr)
        return CUDA_ERROR_NOT_INITIALIZED;
    if (context == nullptr)
        return CUDA_ERROR_INVALID_VALUE;
    *context = current_context;
    return CUDA_SUCCESS;
}

EXPORT CUresult cuCtxSynchronize() {
    if (CUresult error = check_context())
        return error;
    std::unique_lock<std::mutex> hold(machine->lock);
    if (CUresult error = refuse_in_capture(true))
        return error;
    machine->wait_idle(hold, *current_context);
    return current_context->error;
}

// Says that this is the software device.
EXPORT const char* simtVersion() { return "LlamaEngine software device 1"; }

// The order in which threads, blocks and streams run from now on; 0: natural.
EXPORT void simtSetSeed(uint64_t seed) {
    if (machine == nullptr)
        return;
    std::lock_guard<std::mutex> hold(machine->lock);
    machine->seed = seed;
}

// What the last failed launch did wrong; gives the text's length.
EXPORT size_t simtLastReport(char* text, size_t size) {
    if (machine == nullptr)
        return 0;
    std::lock_guard<std::mutex> hold(machine->lock);
    if (text != nullptr && size > 0)
        snprintf(text, size, "%s", machine->last_report.c_str());
    return machine->last_report.size();
}
