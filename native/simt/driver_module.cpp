// The driver API: modules, functions, launches.
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <string_view>
#include "operations.h"
#include "streams.h"

namespace simt {

// Linked by the kernels' static objects before any of this library runs.
static Kernel* first_kernel = nullptr;

Kernel::Kernel(const char* name, int argument_bytes, int threads, void (*body)(const void*), const char* file)
    : name(name), argument_bytes(argument_bytes), threads(threads), body(body), file(file), next(first_kernel) {
    for (const Kernel* other = first_kernel; other != nullptr; other = other->next)
        if (strcmp(other->name, name) == 0)
            fprintf(stderr, "LlamaEngine software device: two kernels are called %s: in %s and in %s\n", name, other->file, file);
    first_kernel = this;
}

}

static const simt::Kernel* kernel_of(const char* name) {
    for (const simt::Kernel* kernel = simt::first_kernel; kernel != nullptr; kernel = kernel->next)
        if (strcmp(kernel->name, name) == 0)
            return kernel;
    return nullptr;
}

// The size of a kernel's struct; -1: there is no such kernel.
EXPORT int simtKernelArgumentBytes(const char* name) {
    const simt::Kernel* kernel = name != nullptr ? kernel_of(name) : nullptr;
    return kernel != nullptr ? kernel->argument_bytes : -1;
}

// The header says what the text is; the rest may be megabytes.
static CUresult check_ptx(std::string_view text) {
    int version_major, version_minor, target;
    std::string header(text.substr(0, 4096));
    size_t version = header.find(".version"), at = header.find(".target");
    for (unsigned char c : header)
        if (c < ' ' && strchr("\t\n\r\v\f", c) == nullptr)
            return CUDA_ERROR_INVALID_IMAGE;
    if (version == std::string::npos || at == std::string::npos)
        return CUDA_ERROR_INVALID_IMAGE;
    if (sscanf(header.c_str() + version, ".version %d.%d", &version_major, &version_minor) != 2 || sscanf(header.c_str() + at, ".target sm_%d", &target) != 1)
        return CUDA_ERROR_INVALID_PTX;
    if (version_major > 8 || (version_major == 8 && version_minor > 7)) // what drivers of 12.8 know
        return CUDA_ERROR_UNSUPPORTED_PTX_VERSION;
    return target > machine->compute_major * 10 + machine->compute_minor ? CUDA_ERROR_NO_BINARY_FOR_GPU : CUDA_SUCCESS;
}

static std::set<std::string> entries_of(std::string_view text) {
    std::set<std::string> result;
    const char *at = text.data(), *end = at + text.size();
    while ((at = (const char*)memmem(at, (size_t)(end - at), ".entry", 6)) != nullptr) {
        at += 6;
        at += strspn(at, " \t\r\n");
        const char* name = at;
        while (isalnum((unsigned char)*at) || *at == '_' || *at == '$')
            at++;
        if (at > name)
            result.emplace(name, at);
    }
    return result;
}

// In place of PTX, tests may load all kernels of this library, or those of faults.cu alone.
static bool list_for_tests(std::string_view text, std::set<std::string>& entries) {
    if (text != "simt-kernels" && text != "simt-faults")
        return false;
    for (const simt::Kernel* kernel = simt::first_kernel; kernel != nullptr; kernel = kernel->next)
        if (text == "simt-kernels" || strstr(kernel->file, "faults.cu") != nullptr)
            entries.insert(kernel->name);
    return true;
}

static const char* explain(CUresult error) {
    return error == CUDA_ERROR_INVALID_IMAGE ? "this is no PTX text: it needs .version and .target"
        : error == CUDA_ERROR_INVALID_PTX ? "what stands behind .version or .target is not understood"
        : error == CUDA_ERROR_UNSUPPORTED_PTX_VERSION ? "this PTX is newer than version 8.7"
        : "this PTX is for devices of a later compute capability";
}

// CU_JIT_ERROR_LOG_BUFFER and its size: where the caller wants to read why.
static void write_log(const char* text, unsigned count, const int* options, void** values) {
    char* log = nullptr;
    size_t size = 0;
    for (unsigned i = 0; options != nullptr && values != nullptr && i < count; i++) {
        if (options[i] == 5)
            log = (char*)values[i];
        if (options[i] == 6)
            size = (size_t)(uintptr_t)values[i] & 0xffffffff;
    }
    if (log != nullptr && size > 0)
        snprintf(log, size, "%s", text);
}

EXPORT CUresult cuModuleLoadDataEx(CUmodule* module, const void* image, unsigned count, int* options, void** values) {
    if (CUresult error = check_context())
        return error;
    if (module == nullptr || image == nullptr)
        return CUDA_ERROR_INVALID_VALUE;
    std::string_view text = (const char*)image;
    std::set<std::string> entries;
    if (!list_for_tests(text, entries)) {
        if (CUresult error = check_ptx(text)) {
            write_log(explain(error), count, options, values);
            return error;
        }
        entries = entries_of(text);
    }
    std::lock_guard<std::mutex> hold(machine->lock);
    *module = new Module{current_context, std::move(entries), {}};
    machine->modules.insert(*module);
    return CUDA_SUCCESS;
}
EXPORT CUresult cuModuleLoadData(CUmodule* module, const void* image) { return cuModuleLoadDataEx(module, image, 0, nullptr, nullptr); }

EXPORT CUresult cuModuleUnload(CUmodule module) {
    if (CUresult error = check_context())
        return error;
    std::unique_lock<std::mutex> hold(machine->lock);
    if (machine->modules.count(module) == 0)
        return CUDA_ERROR_INVALID_HANDLE;
    machine->wait_idle(hold, *current_context);
    if (machine->modules.erase(module) == 0)
        return CUDA_ERROR_INVALID_HANDLE;
    for (auto& [name, function] : module->functions)
        machine->functions.erase(function.get());
    delete module;
    return CUDA_SUCCESS;
}

// A kernel must stand in the image and in this library.
EXPORT CUresult cuModuleGetFunction(CUfunction* function, CUmodule module, const char* name) {
    if (CUresult error = check_context())
        return error;
    if (function == nullptr || name == nullptr || *name == 0)
        return CUDA_ERROR_INVALID_VALUE;
    std::lock_guard<std::mutex> hold(machine->lock);
    if (machine->modules.count(module) == 0)
        return CUDA_ERROR_INVALID_HANDLE;
    const simt::Kernel* kernel = kernel_of(name);
    if (kernel == nullptr || module->entries.count(name) == 0)
        return CUDA_ERROR_NOT_FOUND;
    auto& slot = module->functions[name];
    if (slot == nullptr) {
        slot.reset(new Function{module->context, kernel});
        machine->functions.insert(slot.get());
    }
    *function = slot.get();
    return CUDA_SUCCESS;
}

EXPORT CUresult cuFuncSetAttribute(CUfunction function, int attribute, int value) {
    if (CUresult error = check_context())
        return error;
    std::lock_guard<std::mutex> hold(machine->lock);
    if (machine->functions.count(function) == 0)
        return CUDA_ERROR_INVALID_HANDLE;
    if (attribute == 9) // how much of the cache is shared memory: a hint
        return value >= -1 && value <= 100 ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
    if (attribute != 8 || value < 0 || value > simt::most_shared_bytes)
        return CUDA_ERROR_INVALID_VALUE;
    function->dynamic_shared_limit = value;
    return CUDA_SUCCESS;
}

EXPORT CUresult cuFuncGetAttribute(int* value, int attribute, CUfunction function) {
    if (CUresult error = check_context())
        return error;
    if (value == nullptr || attribute < 0 || attribute > 15)
        return CUDA_ERROR_INVALID_VALUE;
    std::lock_guard<std::mutex> hold(machine->lock);
    if (machine->functions.count(function) == 0)
        return CUDA_ERROR_INVALID_HANDLE;
    switch (attribute) {
        case 0: *value = function->kernel->threads; break;
        case 4: *value = 32; break; // registers
        case 5: case 6: *value = machine->compute_major * 10 + machine->compute_minor; break;
        case 8: *value = function->dynamic_shared_limit; break;
        default: *value = 0; break;
    }
    return CUDA_SUCCESS;
}

EXPORT CUresult cuLaunchKernel(CUfunction function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x, unsigned block_y,
    unsigned block_z, unsigned shared_bytes, CUstream stream, void** parameters, void** extra) {
    if (CUresult error = check_context())
        return error;
    std::lock_guard<std::mutex> hold(machine->lock);
    if (machine->functions.count(function) == 0 || function->context != current_context)
        return CUDA_ERROR_INVALID_HANDLE;
    if (CUresult error = check_stream(stream))
        return error;
    const simt::Kernel& kernel = *function->kernel;
    if (grid_x == 0 || grid_y == 0 || grid_z == 0 || grid_x > 0x7fffffff || grid_y > 65535 || grid_z > 65535 || block_x == 0 || block_y != 1 ||
        block_z != 1 || block_x > (unsigned)kernel.threads || shared_bytes > (unsigned)function->dynamic_shared_limit)
        return CUDA_ERROR_INVALID_VALUE;
    if (parameters == nullptr || parameters[0] == nullptr || extra != nullptr)
        return CUDA_ERROR_INVALID_VALUE;
    auto operation = std::make_shared<LaunchOperation>();
    operation->kernel = &kernel;
    operation->grid[0] = (int)grid_x, operation->grid[1] = (int)grid_y, operation->grid[2] = (int)grid_z;
    operation->threads = (int)block_x;
    operation->dynamic_shared_bytes = shared_bytes;
    operation->arguments.resize((size_t)(kernel.argument_bytes + 7) / 8);
    memcpy(operation->arguments.data(), parameters[0], (size_t)kernel.argument_bytes);
    machine->queue(*stream, operation);
    return CUDA_SUCCESS;
}
