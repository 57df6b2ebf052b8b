namespace LlamaEngine.Backends.Cpu.Memory;

/// <summary>Counts the unmanaged bytes that one owner holds. Thread-safe.</summary>
internal sealed class MemoryCounter
{
    private long _bytes;

    /// <summary>Bytes held now.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Adds (or, if negative, takes off) bytes.</summary>
    public void Add(long bytes) => Interlocked.Add(ref _bytes, bytes);
}
