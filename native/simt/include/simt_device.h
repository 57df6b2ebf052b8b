// The dialect of device.h for the software device: the same names, on the processor. Kernels are compiled with the compiler's
// thread-sanitizer instrumentation, so every load and store reports its address (memory_checks.cpp); what stands behind the
// functions here is compiled without it and does its own checks.
#pragma once

#include <immintrin.h>
#include <stdint.h>

namespace simt {

// Where a kernel called a function of the dialect.
struct Site {
    const char* file;
    int line;
};

// A kernel as the module functions find it.
struct Kernel {
    const char* name;
    int argument_bytes;
    int threads; // the most a block may have
    void (*body)(const void* arguments);
    const char* file; // where it is written
    Kernel* next;

    Kernel(const char* name, int argument_bytes, int threads, void (*body)(const void*), const char* file);
};

// The same in a thread's whole life, so that the compiler may ask once.
[[gnu::const]] int thread_x();
[[gnu::const]] int block_x();
[[gnu::const]] int block_y();
[[gnu::const]] int block_z();
[[gnu::const]] int grid_x();
[[gnu::const]] int grid_y();
[[gnu::const]] int block_threads();

// The block's array of this declaration: each has a tag of its own.
void* shared_array(const void* tag, const char* name, long bytes, Site site);
void* dynamic_shared();

void block_barrier(Site site);
void warp_barrier(Site site);
enum class Shuffle { Xor, Up, Down, Index };
uint32_t shuffle(Shuffle kind, uint32_t value, int operand, Site site);
uint32_t ballot(bool value, Site site);
float warp_sum(float value, Site site);
float warp_largest(float value, Site site);

// Reports an address that is no multiple of `bytes`.
void check_alignment(const void* address, int bytes);

int32_t atomic_add(int32_t* address, int32_t value);
uint32_t atomic_add(uint32_t* address, uint32_t value);
float atomic_add(float* address, float value);
uint32_t atomic_max(uint32_t* address, uint32_t value);
uint32_t atomic_min(uint32_t* address, uint32_t value);
uint32_t atomic_or(uint32_t* address, uint32_t value);

void copy_async(void* shared, const void* global, Site site);
void copy_commit();
void copy_wait(int pending);

struct Sums { float v[4]; };
struct Rows { uint32_t v[4]; };
Sums multiply_half(Sums c, Rows a, uint32_t b0, uint32_t b1, Site site);
Sums multiply_bfloat(Sums c, Rows a, uint32_t b0, uint32_t b1, Site site);
Rows load_matrices(const void* row, Site site);
Rows load_matrices_transposed(const void* row, Site site);

float exp2_approximate(float v);

}

#define KERNEL(name, Arguments, threads) \
    static void name(const Arguments args); \
    static ::simt::Kernel name##_kernel(#name, sizeof(Arguments), threads, [](const void* a) { name(*(const Arguments*)a); }, __FILE__); \
    static void name(const Arguments args)

#define DEVICE [[maybe_unused]] static inline __attribute__((always_inline))
#define TABLE [[maybe_unused]] static const

#define SIMT_HERE const char *file = __builtin_FILE(), int line = __builtin_LINE()
#define SIMT_SITE ::simt::Site { file, line }

#define SHARED(type, name, count) \
    static char name##_tag; \
    type* const name = (type*)::simt::shared_array(&name##_tag, #name, sizeof(type) * (count), ::simt::Site{ __FILE__, __LINE__ })
#define DYNAMIC_SHARED(type, name) type* const name = (type*)::simt::dynamic_shared()

DEVICE int thread_x() { return simt::thread_x(); }
DEVICE int block_x() { return simt::block_x(); }
DEVICE int block_y() { return simt::block_y(); }
DEVICE int block_z() { return simt::block_z(); }
DEVICE int grid_x() { return simt::grid_x(); }
DEVICE int grid_y() { return simt::grid_y(); }
DEVICE int block_threads() { return simt::block_threads(); }
DEVICE int lane() { return thread_x() & 31; }
DEVICE int warp() { return thread_x() >> 5; }

DEVICE void block_barrier(SIMT_HERE) { simt::block_barrier(SIMT_SITE); }
DEVICE void warp_barrier(SIMT_HERE) { simt::warp_barrier(SIMT_SITE); }

DEVICE uint32_t shuffle_xor(uint32_t v, int mask, SIMT_HERE) { return simt::shuffle(simt::Shuffle::Xor, v, mask, SIMT_SITE); }
DEVICE uint32_t shuffle_up(uint32_t v, int delta, SIMT_HERE) { return simt::shuffle(simt::Shuffle::Up, v, delta, SIMT_SITE); }
DEVICE uint32_t shuffle_down(uint32_t v, int delta, SIMT_HERE) { return simt::shuffle(simt::Shuffle::Down, v, delta, SIMT_SITE); }
DEVICE uint32_t shuffle(uint32_t v, int from, SIMT_HERE) { return simt::shuffle(simt::Shuffle::Index, v, from, SIMT_SITE); }
DEVICE uint32_t warp_ballot(bool p, SIMT_HERE) { return simt::ballot(p, SIMT_SITE); }
DEVICE bool warp_any(bool p, SIMT_HERE) { return simt::ballot(p, SIMT_SITE) != 0; }
DEVICE bool warp_all(bool p, SIMT_HERE) { return simt::ballot(p, SIMT_SITE) == 0xffffffffu; }

DEVICE float warp_sum(float v, SIMT_HERE) { return simt::warp_sum(v, SIMT_SITE); }
DEVICE float warp_largest(float v, SIMT_HERE) { return simt::warp_largest(v, SIMT_SITE); }

DEVICE uint32_t bits(float v) { return __builtin_bit_cast(uint32_t, v); }
DEVICE float as_float(uint32_t v) { return __builtin_bit_cast(float, v); }
DEVICE uint64_t bits(double v) { return __builtin_bit_cast(uint64_t, v); }
DEVICE double as_double(uint64_t v) { return __builtin_bit_cast(double, v); }
DEVICE int count_bits(uint32_t v) { return __builtin_popcount(v); }
DEVICE int leading_zeros(uint32_t v) { return v == 0 ? 32 : __builtin_clz(v); }

DEVICE float half_to_float(uint16_t h) { return _cvtsh_ss(h); }
DEVICE uint16_t float_to_half(float v) { return _cvtss_sh(v, _MM_FROUND_TO_NEAREST_INT); }
DEVICE float bfloat_to_float(uint16_t b) { return as_float((uint32_t)b << 16); }
DEVICE uint16_t float_to_bfloat(float v) {
    // A NaN stays one, as the device's canonical NaN.
    return v != v ? 0x7fff : (uint16_t)((bits(v) + 0x7fff + (bits(v) >> 16 & 1)) >> 16);
}
DEVICE float fused(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
DEVICE double fused(double a, double b, double c) { return __builtin_fma(a, b, c); }
DEVICE float square_root(float v) { return __builtin_sqrtf(v); }
DEVICE float round_to_even(float v) { return __builtin_rintf(v); }
DEVICE float magnitude(float v) { return __builtin_fabsf(v); }
// Of +0 and -0, +0 is the larger.
DEVICE float larger(float a, float b) {
    return a != a ? b : b != b ? a : a == b ? as_float(bits(a) & bits(b)) : a > b ? a : b;
}
DEVICE float smaller(float a, float b) {
    return a != a ? b : b != b ? a : a == b ? as_float(bits(a) | bits(b)) : a < b ? a : b;
}
DEVICE int larger(int a, int b) { return a > b ? a : b; }
DEVICE int smaller(int a, int b) { return a < b ? a : b; }
DEVICE float exp2_approximate(float v) { return simt::exp2_approximate(v); }

struct alignas(8) Words2 { uint32_t x, y; };
struct alignas(16) Words4 { uint32_t x, y, z, w; };
struct alignas(16) Floats4 { float x, y, z, w; };
// The compiler may take a vector apart, so its alignment is checked here.
template <class Vector> DEVICE Vector load(const void* address) { simt::check_alignment(address, sizeof(Vector)); return *(const Vector*)address; }
template <class Vector> DEVICE void store(void* address, Vector value) { simt::check_alignment(address, sizeof(Vector)); *(Vector*)address = value; }
DEVICE Words4 load_once(const void* address) { return load<Words4>(address); }

DEVICE int atomic_add(int* address, int value) { return simt::atomic_add(address, value); }
DEVICE uint32_t atomic_add(uint32_t* address, uint32_t value) { return simt::atomic_add(address, value); }
DEVICE float atomic_add(float* address, float value) { return simt::atomic_add(address, value); }
DEVICE uint32_t atomic_max(uint32_t* address, uint32_t value) { return simt::atomic_max(address, value); }
DEVICE uint32_t atomic_min(uint32_t* address, uint32_t value) { return simt::atomic_min(address, value); }
DEVICE uint32_t atomic_or(uint32_t* address, uint32_t value) { return simt::atomic_or(address, value); }

DEVICE void copy_async(void* shared, const void* global, SIMT_HERE) { simt::copy_async(shared, global, SIMT_SITE); }
DEVICE void copy_commit() { simt::copy_commit(); }
template <int Pending> DEVICE void copy_wait() { simt::copy_wait(Pending); }

DEVICE void multiply_half(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], SIMT_HERE) {
    simt::Sums r = simt::multiply_half({ { c[0], c[1], c[2], c[3] } }, { { a[0], a[1], a[2], a[3] } }, b[0], b[1], SIMT_SITE);
    c[0] = r.v[0], c[1] = r.v[1], c[2] = r.v[2], c[3] = r.v[3];
}
DEVICE void multiply_bfloat(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], SIMT_HERE) {
    simt::Sums r = simt::multiply_bfloat({ { c[0], c[1], c[2], c[3] } }, { { a[0], a[1], a[2], a[3] } }, b[0], b[1], SIMT_SITE);
    c[0] = r.v[0], c[1] = r.v[1], c[2] = r.v[2], c[3] = r.v[3];
}
DEVICE void load_matrices(uint32_t (&r)[4], const void* row, SIMT_HERE) {
    simt::Rows v = simt::load_matrices(row, SIMT_SITE);
    r[0] = v.v[0], r[1] = v.v[1], r[2] = v.v[2], r[3] = v.v[3];
}
DEVICE void load_matrices_transposed(uint32_t (&r)[4], const void* row, SIMT_HERE) {
    simt::Rows v = simt::load_matrices_transposed(row, SIMT_SITE);
    r[0] = v.v[0], r[1] = v.v[1], r[2] = v.v[2], r[3] = v.v[3];
}
