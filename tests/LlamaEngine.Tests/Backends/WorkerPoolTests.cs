using LlamaEngine.Backends.Cpu;

namespace LlamaEngine.Tests.Backends;

/// <summary>The pool runs every chunk once, survives exceptions, wakes from sleep, allocates nothing.</summary>
public sealed unsafe class WorkerPoolTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public void Runs_every_chunk_once(int threads)
    {
        using WorkerPool pool = new(threads);
        int* counts = stackalloc int[100];
        for (int chunks = 0; chunks <= 100; chunks++)
        {
            new Span<int>(counts, 100).Clear();
            pool.Run(&Count, counts, chunks);
            for (int i = 0; i < 100; i++)
                Assert.Equal(i < chunks ? 1 : 0, counts[i]);
        }
    }

    [Fact]
    public void Throws_what_a_chunk_throws_and_goes_on()
    {
        using WorkerPool pool = new(3);
        int* counts = stackalloc int[64];
        for (int i = 0; i < 20; i++)
        {
            // A lambda cannot capture a pointer.
            nint address = (nint)counts;
            Assert.Throws<InvalidDataException>(() => pool.Run(&Fail, (void*)address, 64));
            new Span<int>(counts, 64).Clear();
            pool.Run(&Count, counts, 64);
            Assert.Equal(64, new Span<int>(counts, 64).ToArray().Sum());
        }
    }

    [Fact]
    public void Wakes_sleeping_workers()
    {
        using WorkerPool pool = new(4);
        int* counts = stackalloc int[16];
        for (int i = 0; i < 5; i++)
        {
            // Far longer than workers spin.
            Thread.Sleep(15);
            pool.Run(&Count, counts, 16);
        }
        for (int i = 0; i < 16; i++)
            Assert.Equal(5, counts[i]);
    }

    [Fact]
    public void Allocates_nothing()
    {
        using WorkerPool pool = new(2);
        int* counts = stackalloc int[16];
        for (int i = 0; i < 100; i++)
            pool.Run(&Count, counts, 16);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            pool.Run(&Count, counts, 16);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void Refuses_work_once_disposed()
    {
        WorkerPool pool = new(2);
        pool.Dispose();
        pool.Dispose();
        Assert.Throws<ObjectDisposedException>(() => pool.Run(&Count, null, 2));
    }

    private static void Count(void* state, int chunk, int thread) => Interlocked.Increment(ref ((int*)state)[chunk]);

    private static void Fail(void* state, int chunk, int thread)
    {
        if (chunk % 5 == 3)
            throw new InvalidDataException();
    }
}
