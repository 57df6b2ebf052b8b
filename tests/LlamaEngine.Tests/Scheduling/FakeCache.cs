using LlamaEngine.Backends;
using LlamaEngine.Scheduling;

namespace LlamaEngine.Tests.Scheduling;

/// <summary>
/// A cache that stores tokens in place of keys and values, so that it shows whether a sequence's blocks really hold what was computed
/// for it: a block shared too long, copied too late or reused too early gives other tokens.
/// </summary>
internal sealed class FakeCache(int blocks, int blockSize)
{
    private const int Poison = -1;

    private readonly int[] _slots = [.. Enumerable.Repeat(Poison, blocks * blockSize)];

    /// <summary>Does what a forward pass does, and checks what every planned sequence would attend to.</summary>
    public void Run(BatchPlan plan, IReadOnlyList<Sequence> planned)
    {
        foreach (BlockCopy copy in plan.BlockCopies)
            _slots.AsSpan(copy.Source * blockSize, blockSize).CopyTo(_slots.AsSpan(copy.Destination * blockSize));
        for (int row = 0; row < plan.TokenCount; row++)
            _slots[plan.CacheSlots[row]] = plan.Tokens[row];
        for (int i = 0; i < planned.Count; i++)
        {
            PlannedSequence part = plan.Sequences[i];
            ReadOnlySpan<int> table = plan.BlockTables[part.FirstBlock..];
            for (int position = 0; position < part.ContextLength; position++)
                Assert.Equal(planned[i].Tokens[position], _slots[table[position / blockSize] * blockSize + position % blockSize]);
        }
    }
}
