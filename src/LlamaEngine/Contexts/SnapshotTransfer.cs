using LlamaEngine.Backends;
using LlamaEngine.KvCache;
using LlamaEngine.Scheduling;

namespace LlamaEngine.Contexts;

/// <summary>
/// Moves blocks between cache and file, a slice at a time: between two steps the loop thread copies one slice, while the disk
/// has the slice before or behind it. So requests that run lose the time of a copy a step, no more.
/// </summary>
internal sealed class SnapshotTransfer(EngineLoop loop, SnapshotBlocks blocks, SnapshotSlices slices)
{
    private readonly byte[][] _buffers = [Buffer(slices), Buffer(slices)];

    /// <summary>Writes all blocks to a file.</summary>
    public async Task SaveAsync(SnapshotFileWriter file, CancellationToken cancellation)
    {
        if (slices.Count == 0)
            return;
        Task copying = CopyFromCache(0);
        try
        {
            for (int slice = 0; slice < slices.Count; slice++)
            {
                await copying.ConfigureAwait(false);
                cancellation.ThrowIfCancellationRequested();
                if (slice + 1 < slices.Count)
                    copying = CopyFromCache(slice + 1);
                await file.WriteSliceAsync(slice, BufferOf(slice), cancellation).ConfigureAwait(false);
            }
        }
        finally
        {
            await copying.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Reads the blocks that the cache does not know yet from a file, and makes them known.</summary>
    public async Task RestoreAsync(SnapshotFileReader file, CancellationToken cancellation)
    {
        if (blocks.Known == slices.Blocks)
            return;
        int first = blocks.Known / slices.BlocksPerSlice;
        Task reading = file.ReadSliceAsync(first, BufferOf(first), cancellation), copying = Task.CompletedTask;
        try
        {
            for (int slice = first; slice < slices.Count; slice++)
            {
                await reading.ConfigureAwait(false);
                await copying.ConfigureAwait(false);
                cancellation.ThrowIfCancellationRequested();
                copying = CopyToCache(slice, file.Header);
                if (slice + 1 < slices.Count)
                    reading = file.ReadSliceAsync(slice + 1, BufferOf(slice + 1), cancellation);
            }
            await copying.ConfigureAwait(false);
        }
        finally
        {
            await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await copying.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private Task<bool> CopyFromCache(int slice)
    {
        Memory<byte> buffer = BufferOf(slice);
        return loop.InvokeAsync((_, store) =>
        {
            for (int i = 0; i < slices.BlocksIn(slice); i++)
                store.ReadBlock(blocks.Ids[slices.FirstBlock(slice) + i], BlockOf(buffer, i));
            return true;
        });
    }

    private Task<bool> CopyToCache(int slice, SnapshotHeader header)
    {
        Memory<byte> buffer = BufferOf(slice);
        return loop.InvokeAsync((pool, store) =>
        {
            for (int i = 0; i < slices.BlocksIn(slice); i++)
            {
                int block = slices.FirstBlock(slice) + i;
                if (block >= blocks.Known)
                    Restore(pool, store, block, BlockOf(buffer, i), header);
            }
            return true;
        });
    }

    private void Restore(BlockPool pool, KvStore store, int block, ReadOnlySpan<byte> bytes, SnapshotHeader header)
    {
        store.WriteBlock(blocks.Ids[block], bytes);
        blocks.Register(pool, block, header.Tokens.AsSpan().Slice(block * pool.BlockSize, pool.BlockSize));
    }

    private Memory<byte> BufferOf(int slice) => _buffers[slice & 1];

    private Span<byte> BlockOf(Memory<byte> buffer, int index) => buffer.Span.Slice(index * slices.BlockBytes, slices.BlockBytes);

    private static byte[] Buffer(SnapshotSlices slices) => GC.AllocateUninitializedArray<byte>(slices.BufferBytes);
}
