using LlamaEngine.Sampling;

namespace LlamaEngine.Tests.Sampling;

public class SamplingAllocationTests
{
    public static TheoryData<string> Configurations => [.. s_configurations.Keys];

    private static readonly Dictionary<string, GenerationOptions> s_configurations = new()
    {
        ["greedy"] = new(),
        ["greedy, log probabilities"] = new() { TopLogProbabilities = 20 },
        ["temperature"] = new() { Temperature = 1 },
        ["top-k"] = new() { Temperature = 1, TopK = 40 },
        ["top-p"] = new() { Temperature = 1, TopP = 0.9f },
        ["min-p"] = new() { Temperature = 1, MinP = 0.05f },
        ["typical-p"] = new() { Temperature = 1, TypicalP = 0.9f },
        ["penalties"] = new() { RepetitionPenalty = 1.1f, PresencePenalty = 1, FrequencyPenalty = 1, PenaltyWindow = 64 },
        ["bias and bans"] = new() { LogitBias = new Dictionary<int, float> { [1] = 2 }, BannedTokens = [3], MinTokens = 5, StopTokens = [4] },
        ["processor"] = new() { LogitProcessors = [new Nothing()] },
        ["everything"] = new()
        {
            Temperature = 0.9f, TopK = 1000, TopP = 0.95f, MinP = 0.01f, TypicalP = 0.99f, RepetitionPenalty = 1.1f, PresencePenalty = 1,
            FrequencyPenalty = 1, LogitBias = new Dictionary<int, float> { [1] = 2 }, BannedTokens = [3], MinTokens = 5, StopTokens = [4],
            TopLogProbabilities = 5, LogitProcessors = [new Nothing()],
        },
    };

    [Theory]
    [MemberData(nameof(Configurations))]
    public void Sampling_allocates_nothing_per_token(string configuration)
    {
        const int Size = 10_000;
        var sampler = new Sampler(SamplingInputs.Parameters(Size, s_configurations[configuration]), new SamplerScratch(Size));
        int[] tokens = SamplingInputs.Tokens(100, Size, 1);
        float[] logits = SamplingInputs.Logits(Size, 1), row = new float[Size];
        AssertAllocatesNothing(() =>
        {
            for (int n = 50; n <= 100; n++)
            {
                logits.CopyTo(row, 0);
                sampler.Sample(row, tokens.AsSpan(0, n), 50);
            }
        });
    }

    [Fact]
    public void Text_passes_the_stop_matcher_without_allocation_where_nothing_is_in_sight()
    {
        string piece = new('x', 10);
        foreach (var matcher in new[] { new StopMatcher([]), new StopMatcher(default), new StopMatcher(["stop"]) })
        {
            Assert.Same(piece, matcher.Append(piece));
            AssertAllocatesNothing(() => matcher.Append(piece));
        }
    }

    // A collection that another test causes counts the unused rest of this thread's allocation buffer as allocated. What the
    // action itself allocates, it allocates every time: so the smallest count is the true one. The first run makes room.
    internal static void AssertAllocatesNothing(Action action)
    {
        action();
        long least = long.MaxValue;
        for (int round = 0; round < 5; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            action();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        Assert.Equal(0, least);
    }

    private sealed class Nothing : ILogitProcessor
    {
        public void Process(ReadOnlySpan<int> tokens, int promptLength, Span<float> logits)
        {
        }
    }
}
