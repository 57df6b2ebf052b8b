namespace LlamaEngine.Tests.Engine;

/// <summary>A request's tokens and log probabilities are the same, bit for bit, whatever the engine does beside it.</summary>
[Trait(TestDevice.Trait, TestDevice.Any)]
public sealed class BatchInvarianceTests(BatchInvarianceTests.Alone alone) : IClassFixture<BatchInvarianceTests.Alone>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Batch tokens, sequences at once, positions of the cache (0: as many as it likes), and whether preemption must occur.</summary>
    public static TheoryData<int, int, int, bool> Conditions => new()
    {
        { 512, 128, 0, false },
        { 1, 128, 0, false },
        { 7, 5, 0, false },
        { 64, 128, 400, true },
        { 512, 32, 320, true },
    };

    [Theory]
    [MemberData(nameof(Conditions))]
    public async Task Alone_as_among_127_others(int batchTokens, int sequences, int kvTokens, bool preempts)
    {
        Request[] requests = alone.Requests[..(batchTokens == 1 ? Math.Min(24, alone.Count) : alone.Count)];
        await using var engine = TestEngine.Create(new EngineOptions
        {
            ModelPath = Lexicon.StandIn,
            MaxBatchTokens = batchTokens,
            MaxSequences = sequences,
            KvCacheTokens = kvTokens == 0 ? null : kvTokens,
        });
        Completion[] together = await Task.WhenAll(requests.Select(request => engine.CompleteAsync(request.Prompt, request.Options, Token)));
        for (int i = 0; i < requests.Length; i++)
            AssertSame(alone.Completions[i], together[i], i);
        Assert.Equal(preempts, engine.Statistics.Preemptions > 0);
        Assert.Equal(0, engine.Statistics.KvBlocksInUse);
    }

    [Fact]
    public async Task From_a_cached_prefix()
    {
        Request[] requests = alone.Requests[..Math.Min(16, alone.Count)];
        await using var engine = TestEngine.Create(Lexicon.StandIn);
        for (int round = 0; round < 2; round++)
        {
            for (int i = 0; i < requests.Length; i++)
            {
                Completion again = await engine.CompleteAsync(requests[i].Prompt, requests[i].Options, Token);
                AssertSame(alone.Completions[i], again, i);
                int whole = (requests[i].Prompt.Length - 1) / 16 * 16;
                if (round == 1)
                    Assert.Equal(whole, again.Usage.CachedTokens);
            }
        }
    }

    private static void AssertSame(Completion expected, Completion actual, int request)
    {
        Assert.True(expected.Tokens.SequenceEqual(actual.Tokens), $"request {request}: other tokens");
        Assert.True(
            expected.LogProbabilities.Select(BitConverter.SingleToInt32Bits).SequenceEqual(actual.LogProbabilities.Select(BitConverter.SingleToInt32Bits)),
            $"request {request}: other log probabilities");
        Assert.Equal(expected.Tokens.Length, actual.LogProbabilities.Length);
    }

    /// <summary>What the requests give one after the other, each in an engine without a past, in one chunk.</summary>
    public sealed class Alone : IAsyncLifetime
    {
        /// <summary>Requests; so few on the software device that the suite ends in time.</summary>
        internal int Count { get; } = TestDevice.IsSoftware ? 16 : 128;

        internal Request[] Requests { get; } = Create(128);

        internal Completion[] Completions { get; } = new Completion[128];

        public async ValueTask InitializeAsync()
        {
            for (int i = 0; i < Count; i++)
            {
                await using var engine = TestEngine.Create(new EngineOptions { ModelPath = Lexicon.StandIn, MaxSequences = 1 });
                Completions[i] = await engine.CompleteAsync(Requests[i].Prompt, Requests[i].Options, Token);
            }
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        // Half greedy, half sampled; every third begins like the one before it.
        private static Request[] Create(int count)
        {
            var random = new Random(11);
            int[] shared = Tokens(random, 70);
            return [.. Enumerable.Range(0, count).Select(i => new Request(
                [.. i % 3 == 0 ? shared : [], .. Tokens(random, random.Next(1, 60))],
                new GenerationOptions
                {
                    MaxTokens = random.Next(1, 100),
                    IgnoreEndTokens = true,
                    Temperature = i % 2 == 0 ? 0 : 0.9f,
                    Seed = (ulong)i,
                    TopLogProbabilities = 0,
                }))];
        }

        private static int[] Tokens(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(4000))];

    }

    internal sealed record Request(int[] Prompt, GenerationOptions Options);
}
