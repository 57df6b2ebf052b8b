// Tests of the software device: kernels with planted mistakes, which it has to report, and their correct twins, which have to run
// whatever order threads, blocks and streams come in. Exits with 1 where something failed.
#include "device_under_test.h"
#include "session.h"

#include <immintrin.h>
#include <functional>

static std::string last_report() {
    char text[4096];
    simtLastReport(text, sizeof text);
    return text;
}

static std::vector<float> numbers(int count) {
    std::vector<float> result((size_t)count);
    for (int i = 0; i < count; i++)
        result[(size_t)i] = (float)(i * 37 % 101);
    return result;
}

// --- kernels without a mistake ---

using Expected = std::function<float(const std::vector<float>& input, int i)>;

static void runs(const char* name, int inputs, int outputs, unsigned blocks, unsigned threads, unsigned shared, const Expected& expected) {
    for (uint64_t seed = 0; seed <= 8; seed++) {
        simtSetSeed(seed);
        Session session;
        std::vector<float> input = numbers(inputs);
        CUdeviceptr source = session.memory(input), target = session.memory((size_t)outputs * 4);
        OK(session.launch(name, {source, target, inputs, 0}, blocks, threads, shared));
        std::vector<float> output = session.read<float>(target, (size_t)outputs);
        for (int i = 0; i < outputs; i++)
            if (output[(size_t)i] != expected(input, i)) {
                CHECK(false, "%s, seed %d: output %d is %g, not %g", name, (int)seed, i, output[(size_t)i], expected(input, i));
                break;
            }
    }
}

static void correct_kernels_run() {
    for (int count : {1, 255, 256, 257, 1000})
        runs("fault_none", count, count, (unsigned)(count + 255) / 256, 256, 0, [](auto& x, int i) { return 2 * x[(size_t)i]; });
    auto reversed = [](auto& x, int i) { return x[(size_t)(i / 256 * 256 + 255 - i % 256)]; };
    runs("fault_none_reverse", 1024, 1024, 4, 256, 0, reversed);
    runs("fault_none_warp", 64, 64, 1, 64, 256, [](auto& x, int i) { return x[(size_t)(i ^ 31)]; });
    runs("fault_none_rounds", 256, 256, 1, 256, 0, [](auto& x, int i) { return x[(size_t)(255 - i)] + x[(size_t)(i ^ 1)]; });
    runs("fault_none_bytes", 256, 256, 1, 256, 0, [](auto& x, int i) { return x[(size_t)i]; });
    runs("fault_none_atomics", 256, 8, 1, 256, 0, [](auto& x, int i) {
        int count = 0;
        for (float v : x)
            count += ((int)v & 7) == i;
        return (float)count;
    });
    runs("fault_none_copy", 256, 256, 1, 256, 0, reversed);
    for (int count : {1, 31, 256, 300, 1000})
        runs("fault_none_sum", count, (count + 255) / 256, (unsigned)(count + 255) / 256, 256, 0, [](auto& x, int block) {
            float sum = 0;
            for (size_t i = (size_t)block * 256; i < x.size() && i < (size_t)(block + 1) * 256; i++)
                sum += x[i];
            return sum;
        });
}

static void shuffles_are_those_of_ptx() {
    for (uint64_t seed = 0; seed <= 8; seed++) {
        simtSetSeed(seed);
        Session session;
        CUdeviceptr target = session.memory(320 * 4);
        OK(session.launch("fault_none_shuffles", {target, target, 0, 0}, 1, 32));
        std::vector<uint32_t> row = session.read<uint32_t>(target, 320);
        for (uint32_t lane = 0; lane < 32; lane++) {
            uint32_t thirds = 0;
            for (int i = 0; i < 32; i += 3)
                thirds |= 1u << i;
            uint32_t expected[] = {1000 + (lane ^ 5), 1000 + (lane >= 3 ? lane - 3 : lane), 1000 + (lane < 29 ? lane + 3 : lane),
                1000 + lane * 7 % 32, thirds, 1, 0, 1000 + (lane ^ 1), 1000 + (lane > 0 ? lane - 1 : 0), 1031};
            for (uint32_t i = 0; i < 10; i++)
                CHECK(row[i * 32 + lane] == expected[i], "row %u, lane %u: %u, not %u", i, lane, row[i * 32 + lane], expected[i]);
        }
    }
}

static uint16_t to_half(float v) { return _cvtss_sh(v, 0); }
static uint16_t to_bfloat(float v) { return (uint16_t)(__builtin_bit_cast(uint32_t, v) >> 16); } // of numbers that are exact

static void products_are_exact() {
    for (int kind = 0; kind < 3; kind++) {
        float a[16][16], b[16][8];
        std::vector<uint16_t> input(256 + 128);
        auto* convert = kind == 1 ? to_bfloat : to_half;
        for (int i = 0; i < 16; i++)
            for (int k = 0; k < 16; k++)
                input[(size_t)(i * 16 + k)] = convert(a[i][k] = (float)((i * 16 + k) * 29 % 61 - 30) / 4);
        for (int k = 0; k < 16; k++)
            for (int j = 0; j < 8; j++)
                input[(size_t)(256 + (kind == 2 ? k * 8 + j : j * 16 + k))] = convert(b[k][j] = (float)((k * 8 + j) * 17 % 53 - 26) / 8);
        for (uint64_t seed = 0; seed <= 8; seed++) {
            simtSetSeed(seed);
            Session session;
            CUdeviceptr source = session.memory(input), target = session.memory(512);
            OK(session.launch("fault_none_product", {source, target, kind, 0}, 3, 32));
            std::vector<float> c = session.read<float>(target, 128);
            for (int i = 0; i < 16; i++)
                for (int j = 0; j < 8; j++) {
                    float sum = 0;
                    for (int k = 0; k < 16; k++)
                        sum += a[i][k] * b[k][j];
                    CHECK(c[(size_t)(i * 8 + j)] == sum, "kind %d, row %d, column %d: %g, not %g", kind, i, j, c[(size_t)(i * 8 + j)], sum);
                }
        }
    }
}

// --- kernels with a mistake ---

struct Planted {
    const char* kernel;
    CUresult error;
    const char* report; // stands in what the device says
    unsigned threads = 256;
    unsigned shared = 0;
};

static void mistakes_are_reported() {
    static const Planted all[] = {
        {"fault_read_past_end", CUDA_ERROR_ILLEGAL_ADDRESS, "out-of-bounds read of 4 bytes"},
        {"fault_write_past_end", CUDA_ERROR_ILLEGAL_ADDRESS, "out-of-bounds write of 4 bytes"},
        {"fault_null", CUDA_ERROR_ILLEGAL_ADDRESS, "out-of-bounds read of 4 bytes at 0x0"},
        {"fault_misaligned", CUDA_ERROR_MISALIGNED_ADDRESS, "misaligned access of 16 bytes"},
        {"fault_misaligned_word", CUDA_ERROR_MISALIGNED_ADDRESS, "misaligned read of 4 bytes"},
        {"fault_missing_barrier", CUDA_ERROR_LAUNCH_FAILED, ""}, // a race or an unwritten value, as the order has it
        {"fault_missing_warp_barrier", CUDA_ERROR_LAUNCH_FAILED, "", 64, 256},
        {"fault_missing_second_barrier", CUDA_ERROR_LAUNCH_FAILED, "missing barrier"},
        {"fault_uninitialized", CUDA_ERROR_LAUNCH_FAILED, "uninitialized shared memory"},
        {"fault_shared_past_end", CUDA_ERROR_ILLEGAL_ADDRESS, "of the shared array values, which has 1020 bytes"},
        {"fault_atomic_uninitialized", CUDA_ERROR_LAUNCH_FAILED, "uninitialized shared memory: atomic"},
        {"fault_missing_copy_wait", CUDA_ERROR_LAUNCH_FAILED, "missing copy_wait"},
        {"fault_copy_wait_short", CUDA_ERROR_LAUNCH_FAILED, "missing copy_wait"},
        {"fault_copy_without_barrier", CUDA_ERROR_LAUNCH_FAILED, ""},
        {"fault_copy_misaligned", CUDA_ERROR_MISALIGNED_ADDRESS, "misaligned access of 16 bytes"},
        {"fault_divergent_barrier", CUDA_ERROR_LAUNCH_FAILED, "divergent barrier"},
        {"fault_early_exit", CUDA_ERROR_LAUNCH_FAILED, "divergent barrier"},
        {"fault_deadlock", CUDA_ERROR_LAUNCH_FAILED, "divergent"},
        {"fault_spins", CUDA_ERROR_LAUNCH_FAILED, "seems to wait"},
        {"fault_divergent_shuffle", CUDA_ERROR_LAUNCH_FAILED, "divergent warp"},
    };
    for (const Planted& planted : all)
        for (uint64_t seed = 0; seed <= (strcmp(planted.kernel, "fault_spins") == 0 ? 0 : 8); seed++) {
            simtSetSeed(seed);
            Session session;
            bool past_end = strstr(planted.kernel, "past_end") != nullptr && strstr(planted.kernel, "shared") == nullptr;
            int count = past_end ? 1000 : 1024;
            CUdeviceptr source = session.memory(numbers(count)), target = session.memory((size_t)count * 4);
            OK(session.launch(planted.kernel, {source, target, count, 0}, 4, planted.threads, planted.shared));
            CUresult error = cuStreamSynchronize(session.stream);
            CHECK(error == planted.error, "%s, seed %d: gives %d", planted.kernel, (int)seed, (int)error);
            std::string report = last_report();
            CHECK(report.find(planted.report) != std::string::npos && report.find(planted.kernel) != std::string::npos, "%s: %s", planted.kernel, report.c_str());
            // The context stays that way.
            EXPECT(planted.error, cuCtxSynchronize());
            CUdeviceptr more;
            EXPECT(planted.error, cuMemAlloc_v2(&more, 4));
        }
}

int main() {
    OK(cuInit(0));
    correct_kernels_run();
    shuffles_are_those_of_ptx();
    products_are_exact();
    mistakes_are_reported();
    printf(failures == 0 ? "all passed\n" : "%d failed\n", failures);
    return failures != 0;
}
