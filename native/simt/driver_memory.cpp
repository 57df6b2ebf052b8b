// The driver API: memory, copies.
#include <string.h>
#include "operations.h"
#include "streams.h"

EXPORT CUresult cuMemGetInfo_v2(size_t* free, size_t* total) {
    if (CUresult error = check_context())
        return error;
    if (free == nullptr || total == nullptr)
        return CUDA_ERROR_INVALID_VALUE;
    *total = machine->memory_bytes;
    *free = machine->memory_bytes - current_context->memory.used();
    return CUDA_SUCCESS;
}

EXPORT CUresult cuMemAlloc_v2(CUdeviceptr* address, size_t bytes) {
    if (CUresult error = check_context())
        return error;
    if (address == nullptr || bytes == 0)
        return CUDA_ERROR_INVALID_VALUE;
    std::lock_guard<std::mutex> hold(machine->lock);
    if (CUresult error = refuse_in_capture())
        return error;
    if (bytes > machine->memory_bytes - current_context->memory.used())
        return CUDA_ERROR_OUT_OF_MEMORY;
    *address = current_context->memory.allocate(bytes, true);
    return *address != 0 ? CUDA_SUCCESS : CUDA_ERROR_OUT_OF_MEMORY;
}

EXPORT CUresult cuMemFree_v2(CUdeviceptr address) {
    if (CUresult error = check_context())
        return error;
    if (address == 0)
        return CUDA_SUCCESS;
    std::unique_lock<std::mutex> hold(machine->lock);
    if (CUresult error = refuse_in_capture())
        return error;
    machine->wait_idle(hold, *current_context);
    if (current_context->error != CUDA_SUCCESS)
        return current_context->error;
    return current_context->memory.free(address) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

EXPORT CUresult cuMemHostAlloc(void** address, size_t bytes, unsigned flags) {
    if (CUresult error = check_context())
        return error;
    if (address == nullptr || bytes == 0 || flags > 7)
        return CUDA_ERROR_INVALID_VALUE;
    std::lock_guard<std::mutex> hold(machine->lock);
    if (CUresult error = refuse_in_capture())
        return error;
    *address = (void*)simt::pinned().allocate(bytes, false);
    return *address != nullptr ? CUDA_SUCCESS : CUDA_ERROR_OUT_OF_MEMORY;
}

EXPORT CUresult cuMemFreeHost(void* address) {
    if (machine == nullptr)
        return CUDA_ERROR_NOT_INITIALIZED;
    if (address == nullptr)
        return CUDA_ERROR_INVALID_VALUE;
    std::unique_lock<std::mutex> hold(machine->lock);
    for (Context& context : machine->devices)
        machine->wait_idle(hold, context);
    return simt::pinned().free((uint64_t)address) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

static bool on_device(CUdeviceptr address, size_t bytes) { return current_context->memory.find(address, bytes).size != 0; }
static bool is_pinned(const void* address, size_t bytes) { return simt::pinned().find((uint64_t)address, bytes).size != 0; }

static CUresult copy(Stream* stream, void* target, const void* source, size_t bytes, bool stage, bool wait) {
    std::unique_lock<std::mutex> hold(machine->lock);
    if (CUresult error = check_stream(stream))
        return error;
    auto operation = std::make_shared<CopyOperation>();
    operation->target = target;
    operation->source = source;
    operation->bytes = bytes;
    bool captured = stream->capture != nullptr;
    if (stage && !captured) {
        operation->staged.reset(new char[bytes]);
        memcpy(operation->staged.get(), source, bytes);
    }
    machine->queue(*stream, operation);
    if (!wait || captured)
        return CUDA_SUCCESS;
    machine->changed.wait(hold, [&] { return operation->done; });
    return current_context->error;
}

EXPORT CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr target, const void* source, size_t bytes, CUstream stream) {
    if (CUresult error = check_context())
        return error;
    if (bytes == 0)
        return CUDA_SUCCESS;
    if (source == nullptr || !on_device(target, bytes))
        return CUDA_ERROR_INVALID_VALUE;
    return copy(stream, (void*)target, source, bytes, !is_pinned(source, bytes), false);
}

EXPORT CUresult cuMemcpyDtoHAsync_v2(void* target, CUdeviceptr source, size_t bytes, CUstream stream) {
    if (CUresult error = check_context())
        return error;
    if (bytes == 0)
        return CUDA_SUCCESS;
    if (target == nullptr || !on_device(source, bytes))
        return CUDA_ERROR_INVALID_VALUE;
    return copy(stream, target, (const void*)source, bytes, false, !is_pinned(target, bytes));
}

EXPORT CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr target, CUdeviceptr source, size_t bytes, CUstream stream) {
    if (CUresult error = check_context())
        return error;
    if (bytes == 0)
        return CUDA_SUCCESS;
    if (!on_device(target, bytes) || !on_device(source, bytes))
        return CUDA_ERROR_INVALID_VALUE;
    return copy(stream, (void*)target, (const void*)source, bytes, false, false);
}

static CUresult set(CUdeviceptr target, uint32_t value, int width, size_t count, Stream* stream) {
    if (CUresult error = check_context())
        return error;
    if (count == 0)
        return CUDA_SUCCESS;
    if (target % (unsigned)width != 0 || count > SIZE_MAX / (unsigned)width || !on_device(target, count * (unsigned)width))
        return CUDA_ERROR_INVALID_VALUE;
    std::lock_guard<std::mutex> hold(machine->lock);
    if (CUresult error = check_stream(stream))
        return error;
    auto operation = std::make_shared<SetOperation>();
    operation->target = (void*)target;
    operation->value = value;
    operation->width = width;
    operation->count = count;
    machine->queue(*stream, operation);
    return CUDA_SUCCESS;
}

EXPORT CUresult cuMemsetD8Async(CUdeviceptr target, unsigned char value, size_t count, CUstream stream) { return set(target, value, 1, count, stream); }
EXPORT CUresult cuMemsetD32Async(CUdeviceptr target, unsigned value, size_t count, CUstream stream) { return set(target, value, 4, count, stream); }
