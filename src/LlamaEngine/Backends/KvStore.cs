namespace LlamaEngine.Backends;

/// <summary>The blocks of a KV cache on a device.</summary>
/// <remarks>
/// <para>
/// Calls come from one thread at a time, the one that runs the model: what it computed before is in the block, what it computes
/// later sees what was copied or written.
/// </para>
/// <para>
/// Outside the device a block has one order whatever the device, so that a snapshot of one serves another: layer by layer, first
/// the keys of every head as [value][position], then the values of every head as [position][value]. With scales, each of
/// these matrices follows its own scales as [group][position]. Numbers stand in the encoding of <see cref="KvLayout.Type"/>, little
/// endian, without padding, <see cref="KvLayout.BlockBytes"/> in all. Positions that no token has been stored at hold whatever
/// was there before.
/// </para>
/// </remarks>
internal abstract class KvStore(KvLayout layout, int blocks) : IDisposable
{
    /// <summary>Its shape.</summary>
    public KvLayout Layout { get; } = layout;

    /// <summary>Blocks there are.</summary>
    public int Blocks { get; } = blocks;

    /// <summary>Copies the keys and values of a block in all layers; copying a block to itself changes nothing.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such block.</exception>
    public abstract void CopyBlock(int source, int destination);

    /// <summary>Reads a block in all layers, in the order described above.</summary>
    /// <param name="block">The block.</param>
    /// <param name="destination">Room for exactly <see cref="KvLayout.BlockBytes"/> bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such block.</exception>
    /// <exception cref="ArgumentException">The room has another length.</exception>
    public abstract void ReadBlock(int block, Span<byte> destination);

    /// <summary>Writes a block in all layers: what <see cref="ReadBlock"/> gave, here or on another device.</summary>
    /// <param name="block">The block.</param>
    /// <param name="source">Exactly <see cref="KvLayout.BlockBytes"/> bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such block.</exception>
    /// <exception cref="ArgumentException">The source has another length.</exception>
    public abstract void WriteBlock(int block, ReadOnlySpan<byte> source);

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>Refuses a block that does not exist.</summary>
    protected void CheckBlock(int block, string parameter)
    {
        if ((uint)block >= (uint)Blocks)
            throw new ArgumentOutOfRangeException(parameter, block, $"The cache has the blocks 0 to {Blocks - 1}.");
    }

    /// <summary>Refuses bytes that are not those of one block.</summary>
    protected void CheckLength(int bytes, string parameter)
    {
        if (bytes != Layout.BlockBytes)
            throw new ArgumentException($"{bytes:N0} bytes were given, but a block has {Layout.BlockBytes:N0}.", parameter);
    }
}
