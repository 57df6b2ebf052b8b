using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace LlamaEngine.Benchmarks;

/// <summary>How fast memory can be read: the floor below a decoded token is its weights over this.</summary>
internal static unsafe class BandwidthBenchmark
{
    private const long Bytes = 1L << 30;
    private const int Rounds = 15;

    public static void Run(BenchmarkArguments arguments)
    {
        byte* memory = (byte*)NativeMemory.AlignedAlloc((nuint)Bytes, 1 << 21);
        try
        {
            // Written once, so that it is memory and not one page of zeros.
            for (long at = 0; at < Bytes; at += sizeof(long))
                *(long*)(memory + at) = at;
            double[] rates = [.. Enumerable.Range(0, Rounds).Select(_ => Bytes / ReadAll(memory, arguments.Threads) / 1e9).Order()];
            Console.WriteLine($"read bandwidth, {arguments.Threads} threads: median {rates[Rounds / 2]:F1} GB/s, best {rates[^1]:F1} GB/s");
        }
        finally
        {
            NativeMemory.AlignedFree(memory);
        }
    }

    // Seconds from the moment when all threads are there until the last is done.
    private static double ReadAll(byte* memory, int threads)
    {
        long share = Bytes / threads / 256 * 256;
        using var start = new Barrier(threads + 1);
        Thread[] readers = [.. Enumerable.Range(0, threads).Select(i => new Thread(() =>
        {
            start.SignalAndWait();
            s_sink = Read(memory + i * share, share);
        }))];
        foreach (Thread reader in readers)
            reader.Start();
        start.SignalAndWait();
        double begin = Clock.Seconds;
        foreach (Thread reader in readers)
            reader.Join();
        return Clock.Seconds - begin;
    }

    // What was read must matter, or nothing would be.
    private static volatile int s_sink;

    private static int Read(byte* memory, long bytes)
    {
        Vector256<int> a = default, b = default, c = default, d = default;
        for (byte* end = memory + bytes; memory < end; memory += 128)
        {
            a ^= Vector256.Load((int*)memory);
            b ^= Vector256.Load((int*)(memory + 32));
            c ^= Vector256.Load((int*)(memory + 64));
            d ^= Vector256.Load((int*)(memory + 96));
        }
        return Vector256.Sum(a ^ b ^ c ^ d);
    }
}
