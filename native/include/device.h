// The dialect the kernels are written in: one source for nvcc, for clang without a CUDA toolkit, and for a host C++ compiler.
//
// A kernel is KERNEL(name, Arguments, threads) { ... }: it takes one struct of numbers and device addresses, which kernels.h
// defines, and finds it as `args`. Its launch shape stands in the comment above it. Everything else is functions of this header,
// so that no builtin variable, intrinsic or type of one compiler appears in a kernel.
//
// Expressions are never contracted into fused multiply-adds behind the author's back (all compilers are told so): fused() is one,
// and a * b + c is two roundings, everywhere.
#pragma once

#if defined(LLAMAENGINE_SIMT)

#include "simt_device.h" // the same names for the software device, see native/simt

#else

#if !defined(__NVCC__)
#define __global__ __attribute__((global))
#define __device__ __attribute__((device))
#define __shared__ __attribute__((shared))
#define __constant__ __attribute__((constant))
#define __launch_bounds__(...) __attribute__((launch_bounds(__VA_ARGS__)))
#define __forceinline__ inline __attribute__((always_inline)) // as nvcc defines it
#endif

using int8_t = signed char;
using uint8_t = unsigned char;
using int16_t = short;
using uint16_t = unsigned short;
using int32_t = int;
using uint32_t = unsigned int;
using int64_t = long;
using uint64_t = unsigned long;

// A kernel of so many threads a block. It is found by its name.
#define KERNEL(name, Arguments, threads) extern "C" __global__ void __launch_bounds__(threads) name(const Arguments args)

// A function for kernels.
#define DEVICE static __device__ __forceinline__

// A table that kernels read.
#define TABLE static __device__ const

// An array the threads of a block share: a pointer to its first element. Undefined until written.
#define SHARED(type, name, count) __shared__ __align__(16) type name##_storage[count]; type* const name = name##_storage
#if !defined(__NVCC__)
#define __align__(bytes) __attribute__((aligned(bytes)))
#endif

// The array whose size the launch gives; at most one a kernel.
#define DYNAMIC_SHARED(type, name) extern __shared__ __align__(16) unsigned char dynamic_shared_storage[]; type* const name = (type*)dynamic_shared_storage

#define SPECIAL_REGISTER(function, name) \
    DEVICE int function() { uint32_t value; asm("mov.u32 %0, %%" name ";" : "=r"(value)); return (int)value; }
SPECIAL_REGISTER(thread_x, "tid.x")
SPECIAL_REGISTER(block_x, "ctaid.x")
SPECIAL_REGISTER(block_y, "ctaid.y")
SPECIAL_REGISTER(block_z, "ctaid.z")
SPECIAL_REGISTER(grid_x, "nctaid.x")
SPECIAL_REGISTER(grid_y, "nctaid.y")
SPECIAL_REGISTER(block_threads, "ntid.x")
#undef SPECIAL_REGISTER

// Blocks are one-dimensional: 32 neighbouring threads are a warp.
DEVICE int lane() { return thread_x() & 31; }
DEVICE int warp() { return thread_x() >> 5; }

// Every thread of the block, or of the warp, arrives before any goes on; what they wrote before is seen by all after.
DEVICE void block_barrier() { __syncthreads(); }
DEVICE void warp_barrier() { asm volatile("bar.warp.sync 0xffffffff;" ::: "memory"); }

// Collective operations of a whole warp: all 32 lanes must arrive at the same call.
DEVICE uint32_t shuffle_xor(uint32_t v, int mask) { uint32_t r; asm volatile("shfl.sync.bfly.b32 %0, %1, %2, 0x1f, 0xffffffff;" : "=r"(r) : "r"(v), "r"(mask)); return r; }
DEVICE uint32_t shuffle_up(uint32_t v, int delta) { uint32_t r; asm volatile("shfl.sync.up.b32 %0, %1, %2, 0x0, 0xffffffff;" : "=r"(r) : "r"(v), "r"(delta)); return r; }
DEVICE uint32_t shuffle_down(uint32_t v, int delta) { uint32_t r; asm volatile("shfl.sync.down.b32 %0, %1, %2, 0x1f, 0xffffffff;" : "=r"(r) : "r"(v), "r"(delta)); return r; }
DEVICE uint32_t shuffle(uint32_t v, int from) { uint32_t r; asm volatile("shfl.sync.idx.b32 %0, %1, %2, 0x1f, 0xffffffff;" : "=r"(r) : "r"(v), "r"(from)); return r; }
DEVICE uint32_t warp_ballot(bool p) { uint32_t r; asm volatile("{ .reg .pred p; setp.ne.u32 p, %1, 0; vote.sync.ballot.b32 %0, p, 0xffffffff; }" : "=r"(r) : "r"((uint32_t)p)); return r; }
DEVICE bool warp_any(bool p) { return warp_ballot(p) != 0; }
DEVICE bool warp_all(bool p) { return warp_ballot(p) == 0xffffffffu; }

// Bits.
DEVICE uint32_t bits(float v) { uint32_t r; asm("mov.b32 %0, %1;" : "=r"(r) : "f"(v)); return r; }
DEVICE float as_float(uint32_t v) { float r; asm("mov.b32 %0, %1;" : "=f"(r) : "r"(v)); return r; }
DEVICE uint64_t bits(double v) { uint64_t r; asm("mov.b64 %0, %1;" : "=l"(r) : "d"(v)); return r; }
DEVICE double as_double(uint64_t v) { double r; asm("mov.b64 %0, %1;" : "=d"(r) : "l"(v)); return r; }
DEVICE int count_bits(uint32_t v) { int r; asm("popc.b32 %0, %1;" : "=r"(r) : "r"(v)); return r; }
DEVICE int leading_zeros(uint32_t v) { int r; asm("clz.b32 %0, %1;" : "=r"(r) : "r"(v)); return r; }

// Numbers. Conversions round to nearest, ties to even.
DEVICE float half_to_float(uint16_t h) { float r; asm("cvt.f32.f16 %0, %1;" : "=f"(r) : "h"(h)); return r; }
DEVICE uint16_t float_to_half(float v) { uint16_t r; asm("cvt.rn.f16.f32 %0, %1;" : "=h"(r) : "f"(v)); return r; }
DEVICE float bfloat_to_float(uint16_t b) { return as_float((uint32_t)b << 16); }
DEVICE uint16_t float_to_bfloat(float v) { uint16_t r; asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(r) : "f"(v)); return r; }
DEVICE float fused(float a, float b, float c) { float r; asm("fma.rn.f32 %0, %1, %2, %3;" : "=f"(r) : "f"(a), "f"(b), "f"(c)); return r; }
DEVICE double fused(double a, double b, double c) { double r; asm("fma.rn.f64 %0, %1, %2, %3;" : "=d"(r) : "d"(a), "d"(b), "d"(c)); return r; }
DEVICE float square_root(float v) { float r; asm("sqrt.rn.f32 %0, %1;" : "=f"(r) : "f"(v)); return r; }
DEVICE float round_to_even(float v) { float r; asm("cvt.rni.f32.f32 %0, %1;" : "=f"(r) : "f"(v)); return r; }
DEVICE float magnitude(float v) { float r; asm("abs.f32 %0, %1;" : "=f"(r) : "f"(v)); return r; }
// NaN gives way to a number.
DEVICE float larger(float a, float b) { float r; asm("max.f32 %0, %1, %2;" : "=f"(r) : "f"(a), "f"(b)); return r; }
DEVICE float smaller(float a, float b) { float r; asm("min.f32 %0, %1, %2;" : "=f"(r) : "f"(a), "f"(b)); return r; }
DEVICE int larger(int a, int b) { return a > b ? a : b; }
DEVICE int smaller(int a, int b) { return a < b ? a : b; }
// 2^v to two units in the last place; subnormal results are 0.
DEVICE float exp2_approximate(float v) { float r; asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(v)); return r; }

// Vectors of 8 and 16 bytes, which move in one access from an address that is a multiple of their size.
struct alignas(8) Words2 { uint32_t x, y; };
struct alignas(16) Words4 { uint32_t x, y, z, w; };
struct alignas(16) Floats4 { float x, y, z, w; };
template <class Vector> DEVICE Vector load(const void* address) { return *(const Vector*)address; }
template <class Vector> DEVICE void store(void* address, Vector value) { *(Vector*)address = value; }
// For what is read once: past the first-level cache.
DEVICE Words4 load_once(const void* address) {
    Words4 r;
    asm volatile("ld.global.nc.L1::no_allocate.v4.u32 {%0, %1, %2, %3}, [%4];" : "=r"(r.x), "=r"(r.y), "=r"(r.z), "=r"(r.w) : "l"(address));
    return r;
}

// Atomics on global or shared memory; give the value before.
DEVICE int atomic_add(int* address, int value) { int r; asm volatile("atom.add.s32 %0, [%1], %2;" : "=r"(r) : "l"(address), "r"(value) : "memory"); return r; }
DEVICE uint32_t atomic_add(uint32_t* address, uint32_t value) { uint32_t r; asm volatile("atom.add.u32 %0, [%1], %2;" : "=r"(r) : "l"(address), "r"(value) : "memory"); return r; }
DEVICE float atomic_add(float* address, float value) { float r; asm volatile("atom.add.f32 %0, [%1], %2;" : "=f"(r) : "l"(address), "f"(value) : "memory"); return r; }
DEVICE uint32_t atomic_max(uint32_t* address, uint32_t value) { uint32_t r; asm volatile("atom.max.u32 %0, [%1], %2;" : "=r"(r) : "l"(address), "r"(value) : "memory"); return r; }
DEVICE uint32_t atomic_min(uint32_t* address, uint32_t value) { uint32_t r; asm volatile("atom.min.u32 %0, [%1], %2;" : "=r"(r) : "l"(address), "r"(value) : "memory"); return r; }
DEVICE uint32_t atomic_or(uint32_t* address, uint32_t value) { uint32_t r; asm volatile("atom.or.b32 %0, [%1], %2;" : "=r"(r) : "l"(address), "r"(value) : "memory"); return r; }

// Copies 16 bytes from global to shared memory while the threads go on; both addresses are multiples of 16. The bytes are there
// after copy_wait<n>() (all but the last n committed groups of this thread) and a barrier.
DEVICE uint32_t shared_address(const void* address) { uint64_t r; asm("cvta.to.shared.u64 %0, %1;" : "=l"(r) : "l"(address)); return (uint32_t)r; }
DEVICE void copy_async(void* shared, const void* global) { asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" :: "r"(shared_address(shared)), "l"(global) : "memory"); }
DEVICE void copy_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int Pending> DEVICE void copy_wait() { asm volatile("cp.async.wait_group %0;" :: "n"(Pending) : "memory"); }

// Tensor cores: c[16×8] += a[16×16] · b[16×8] over a warp, sums in float32. With group = lane / 4 and pair = lane % 4 (PTX ISA,
// "Matrix fragments for mma.m16n8k16"):
//   a[0] row group, columns 2·pair and +1; a[1] row group + 8, the same columns; a[2], a[3] likewise with columns + 8
//   b[0] column group, rows 2·pair and +1; b[1] rows + 8
//   c[0], c[1] row group, columns 2·pair and +1; c[2], c[3] row group + 8
DEVICE void multiply_half(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}
DEVICE void multiply_bfloat(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

// Four 8×8 matrices of 16-bit numbers from shared memory, as fragments: lane l gives the address of row l % 8 of matrix l / 8 and
// gets, of matrix i in r[i], columns 2·pair and +1 of row group.
DEVICE void load_matrices(uint32_t (&r)[4], const void* row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];" : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(shared_address(row)) : "memory");
}
// The same of each matrix transposed: rows 2·pair and +1 of column group.
DEVICE void load_matrices_transposed(uint32_t (&r)[4], const void* row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];" : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(shared_address(row)) : "memory");
}

#endif

// Built of the above, alike everywhere.

DEVICE float shuffle_xor(float v, int mask) { return as_float(shuffle_xor(bits(v), mask)); }
DEVICE int shuffle_xor(int v, int mask) { return (int)shuffle_xor((uint32_t)v, mask); }
DEVICE uint64_t shuffle_xor(uint64_t v, int mask) { return (uint64_t)shuffle_xor((uint32_t)(v >> 32), mask) << 32 | shuffle_xor((uint32_t)v, mask); }
DEVICE double shuffle_xor(double v, int mask) { return as_double(shuffle_xor(bits(v), mask)); }
DEVICE float shuffle(float v, int from) { return as_float(shuffle(bits(v), from)); }
DEVICE int shuffle(int v, int from) { return (int)shuffle((uint32_t)v, from); }
DEVICE uint64_t shuffle(uint64_t v, int from) { return (uint64_t)shuffle((uint32_t)(v >> 32), from) << 32 | shuffle((uint32_t)v, from); }
DEVICE double shuffle(double v, int from) { return as_double(shuffle(bits(v), from)); }
DEVICE int shuffle_up(int v, int delta) { return (int)shuffle_up((uint32_t)v, delta); }
DEVICE uint64_t shuffle_up(uint64_t v, int delta) { return (uint64_t)shuffle_up((uint32_t)(v >> 32), delta) << 32 | shuffle_up((uint32_t)v, delta); }
DEVICE double shuffle_up(double v, int delta) { return as_double(shuffle_up(bits(v), delta)); }

// Two 16-bit numbers in a word, the first one low.
DEVICE uint32_t pack(uint16_t low, uint16_t high) { return (uint32_t)high << 16 | low; }

// The sum, or the largest, over a warp, alike in every lane; a fixed order of additions.
#if !defined(LLAMAENGINE_SIMT) // which does each at once, with the same additions
DEVICE float warp_sum(float v) {
    for (int mask = 16; mask > 0; mask >>= 1)
        v += shuffle_xor(v, mask);
    return v;
}
DEVICE float warp_largest(float v) {
    for (int mask = 16; mask > 0; mask >>= 1)
        v = larger(v, shuffle_xor(v, mask));
    return v;
}
#endif

// e^v, relative error below 3e-7 for v in [-87, 88]; 0 below. The same bits on every device.
DEVICE float exponential(float v) {
    float n = round_to_even(v * 1.44269504f);
    float r = fused(n, -0.693359375f, v);
    r = fused(n, 2.12194440e-4f, r);
    float p = 1.0f / 5040;
    p = fused(p, r, 1.0f / 720);
    p = fused(p, r, 1.0f / 120);
    p = fused(p, r, 1.0f / 24);
    p = fused(p, r, 1.0f / 6);
    p = fused(p, r, 0.5f);
    p = fused(p, r, 1.0f);
    p = fused(p, r, 1.0f);
    // Two factors, since 2^128 is no float.
    int whole = (int)n, part = whole >> 1;
    float scaled = p * as_float((uint32_t)(part + 127) << 23) * as_float((uint32_t)(whole - part + 127) << 23);
    return v < -87.0f ? 0.0f : v > 88.7f ? as_float(0x7f800000u) : scaled;
}
