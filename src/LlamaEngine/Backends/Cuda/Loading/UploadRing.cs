using LlamaEngine.Backends.Cuda.Interop;

namespace LlamaEngine.Backends.Cuda.Loading;

/// <summary>Copies from ordinary memory to the device through pinned slices: while one travels, the next is filled.</summary>
/// <remarks>
/// Enqueues on the stream that computes, so that what is computed later finds what was uploaded before. When a call returns, its
/// source is no longer needed.
/// </remarks>
internal sealed unsafe class UploadRing(CudaStream stream) : IDisposable
{
    private const int SliceCount = 4;
    private const long SliceBytes = 16 << 20;

    private readonly Slice?[] _slices = new Slice?[SliceCount];
    private int _current;
    private long _filled;
    private ulong _target;

    /// <summary>Uploads bytes; cancellation is looked at before every slice.</summary>
    public void Upload(ulong destination, byte* source, long bytes, CancellationToken cancellation = default)
    {
        Append(destination, source, bytes, cancellation);
        Flush();
    }

    /// <summary>
    /// The same, but the last slice may wait for more: consecutive addresses travel together. <see cref="Flush"/> sends it.
    /// </summary>
    public void Append(ulong destination, byte* source, long bytes, CancellationToken cancellation = default)
    {
        if (_filled > 0 && destination != _target + (ulong)_filled)
            Flush();
        while (bytes > 0)
        {
            cancellation.ThrowIfCancellationRequested();
            if (_filled == 0)
                _target = destination;
            long part = Math.Min(bytes, SliceBytes - _filled);
            Buffer.MemoryCopy(source, Current().Memory.Data + _filled, SliceBytes - _filled, part);
            source += part;
            (_filled, destination, bytes) = (_filled + part, destination + (ulong)part, bytes - part);
            if (_filled == SliceBytes)
                Flush();
        }
    }

    /// <summary>Sends what waits.</summary>
    public void Flush()
    {
        if (_filled == 0)
            return;
        Slice slice = Current();
        stream.CopyToDevice(_target, slice.Memory.Data, _filled);
        stream.Record(slice.Sent);
        slice.IsTravelling = true;
        _filled = 0;
        _current = (_current + 1) % SliceCount;
    }

    /// <summary>
    /// Waits for what travels, drops what waits and gives the pinned memory back: after a failure, before the target is freed.
    /// </summary>
    public void Abandon()
    {
        stream.Settle();
        Dispose();
    }

    /// <summary>Gives the pinned memory back, until the next upload.</summary>
    public void Release()
    {
        if (_slices[0] is null)
            return;
        Flush();
        Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        for (int i = 0; i < SliceCount; i++)
        {
            _slices[i]?.Dispose();
            _slices[i] = null;
        }
        _current = 0;
        _filled = 0;
    }

    // The slice being filled, once its last journey is over.
    private Slice Current()
    {
        Slice slice = _slices[_current] ??= new Slice(stream.Context);
        if (slice.IsTravelling)
            slice.Sent.Synchronize();
        slice.IsTravelling = false;
        return slice;
    }

    private sealed class Slice : IDisposable
    {
        public Slice(CudaContext context)
        {
            Memory = new PinnedBuffer(context, SliceBytes);
            Sent = new CudaEvent(context);
        }

        public PinnedBuffer Memory { get; }

        public CudaEvent Sent { get; }

        public bool IsTravelling { get; set; }

        public void Dispose()
        {
            if (IsTravelling)
                Sent.Settle();
            Sent.Dispose();
            Memory.Dispose();
        }
    }
}
