using LlamaEngine.Backends.Cpu.Memory;

namespace LlamaEngine.Backends.Cpu;

/// <summary>Scratch memory of a backend, reused by every operation: nothing in it outlives one operation.</summary>
/// <remarks>Grows, never shrinks; growing loses the contents.</remarks>
internal sealed unsafe class Workspace(WorkerPool pool, MemoryCounter counter) : IDisposable
{
    private NativeBuffer _scratch = new(0, counter), _shared = new(0, counter);

    /// <summary>The threads that share it.</summary>
    public WorkerPool Pool { get; } = pool;

    /// <summary>Bytes from one thread's scratch to the next.</summary>
    public long ScratchStride { get; private set; }

    /// <summary>Room for so many bytes per thread; thread i's starts at i × <see cref="ScratchStride"/>.</summary>
    public byte* Scratch(long bytesPerThread)
    {
        if (bytesPerThread > ScratchStride)
        {
            // An odd number of cache lines apart, so that threads do not compete for the same cache sets.
            long stride = (bytesPerThread + NativeBuffer.Alignment - 1) / NativeBuffer.Alignment * NativeBuffer.Alignment + NativeBuffer.Alignment;
            Replace(ref _scratch, stride * Pool.Threads);
            ScratchStride = stride;
        }
        return _scratch.Data;
    }

    /// <summary>Room for so many bytes that all threads share.</summary>
    public byte* Shared(long bytes)
    {
        if (bytes > _shared.Length)
            Replace(ref _shared, bytes);
        return _shared.Data;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _scratch.Dispose();
        _shared.Dispose();
    }

    private void Replace(ref NativeBuffer buffer, long bytes)
    {
        NativeBuffer larger = new(bytes, counter);
        buffer.Dispose();
        buffer = larger;
    }
}
