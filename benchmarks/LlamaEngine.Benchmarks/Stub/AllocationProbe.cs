using LlamaEngine.Sampling;

namespace LlamaEngine.Benchmarks.Stub;

/// <summary>Called once a step for one of the sequences: notes what the loop thread has allocated since the step before.</summary>
/// <param name="steps">Most steps.</param>
internal sealed class AllocationProbe(int steps) : ILogitProcessor
{
    private readonly long[] _total = new long[steps];
    private int _count;

    /// <summary>Bytes from step <paramref name="first"/> to step <paramref name="last"/>.</summary>
    public long Between(int first, int last) => _total[last] - _total[first];

    public void Process(ReadOnlySpan<int> tokens, int promptLength, Span<float> logits) =>
        _total[_count++] = GC.GetAllocatedBytesForCurrentThread();
}
