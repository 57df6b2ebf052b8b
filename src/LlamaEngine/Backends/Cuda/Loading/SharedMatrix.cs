using LlamaEngine.Backends.Cuda.Interop;

namespace LlamaEngine.Backends.Cuda.Loading;

/// <summary>A matrix on the device that several weights may use: an embedding table that is the output layer, too.</summary>
internal sealed class SharedMatrix : IDisposable
{
    private readonly DeviceBuffer _memory;
    private readonly Action<SharedMatrix> _forget;
    private int _users = 1;

    /// <summary>Takes memory for it, on behalf of its first user.</summary>
    /// <param name="forget">Called when the last user has gone.</param>
    public SharedMatrix(CudaContext context, long bytes, Action<SharedMatrix> forget)
    {
        _memory = new DeviceBuffer(context, bytes);
        _forget = forget;
    }

    /// <summary>Its first byte.</summary>
    public ulong Address => _memory.Address;

    /// <summary>Its size.</summary>
    public long Bytes => _memory.Bytes;

    /// <summary>One more user.</summary>
    public SharedMatrix Share()
    {
        _users++;
        return this;
    }

    /// <summary>One user less; without any its memory is freed. Every user calls it once.</summary>
    public void Dispose()
    {
        if (--_users > 0)
            return;
        _forget(this);
        _memory.Dispose();
    }
}
