using LlamaEngine.Tokenization;

namespace LlamaEngine.Cli.Serving;

/// <summary>Draws the requests of a load test: random tokens, lengths, seeds, arrivals and withdrawals.</summary>
internal sealed class RequestPlanner
{
    // Beside the chosen token: one wrong logit more that would show.
    private const int Alternatives = 2;

    private readonly Workload _workload;
    private readonly int[] _vocabulary;
    private readonly Random _random;
    private readonly int[] _shared;

    /// <summary>Creates a planner.</summary>
    /// <param name="workload">What the requests look like.</param>
    /// <param name="vocabulary">The tokens that prompts are made of.</param>
    public RequestPlanner(Workload workload, int[] vocabulary)
    {
        _workload = workload;
        _vocabulary = vocabulary;
        _random = new Random(workload.Seed);
        _shared = DrawTokens(workload.SharedPrefix);
    }

    /// <summary>The tokens of a vocabulary that stand for text.</summary>
    /// <param name="size">Tokens in the vocabulary.</param>
    /// <param name="tokenizer">Tells what they are; null: all stand for text.</param>
    public static int[] PlainTokensOf(int size, Tokenizer? tokenizer)
    {
        int[] all = [.. Enumerable.Range(0, size)];
        if (tokenizer is null)
            return all;
        int[] plain = [.. all.Where(token => token < tokenizer.VocabularySize && !tokenizer.IsSpecial(token))];
        return plain.Length > 0 ? plain : all;
    }

    /// <summary>Draws so many requests. Prompts are new each time, so that no run finds more than the shared prefix in the cache.</summary>
    public PlannedRequest[] Plan(int count)
    {
        var requests = new PlannedRequest[count];
        TimeSpan? arrival = _workload.Arrival.Rate is null ? null : TimeSpan.Zero;
        for (int i = 0; i < count; i++)
        {
            arrival += _workload.Arrival.DrawGap(_random);
            GenerationOptions options = DrawOptions(greedy: i % 2 == 0);
            requests[i] = new PlannedRequest(DrawPrompt(), options, arrival, DrawWithdrawal(options.MaxTokens!.Value));
        }
        return requests;
    }

    private int[] DrawPrompt()
    {
        int[] prompt = DrawTokens(_workload.Prompt.Draw(_random));
        _shared.AsSpan(0, Math.Min(_shared.Length, prompt.Length)).CopyTo(prompt);
        return prompt;
    }

    private int[] DrawTokens(int count)
    {
        int[] tokens = new int[count];
        for (int i = 0; i < count; i++)
            tokens[i] = _vocabulary[_random.Next(_vocabulary.Length)];
        return tokens;
    }

    // Everything is said, so that nothing depends on the model's generation_config; end tokens are ignored, so that lengths are exact.
    private GenerationOptions DrawOptions(bool greedy) => new()
    {
        MaxTokens = _workload.Generated.Draw(_random),
        IgnoreEndTokens = true,
        Temperature = greedy ? 0 : _workload.Temperature,
        Seed = (ulong)_random.NextInt64(),
        TopK = 0,
        TopP = 1,
        MinP = 0,
        TypicalP = 1,
        RepetitionPenalty = 1,
        TopLogProbabilities = _workload.Verify ? Alternatives : null,
    };

    private Withdrawal? DrawWithdrawal(int maxTokens)
    {
        // Drawn in any case: the same requests with and without withdrawals.
        bool wanted = _random.NextDouble() < _workload.CancelledShare;
        var withdrawal = new Withdrawal((WithdrawalKind)_random.Next(3), _random.Next(1, maxTokens + 1), _random.NextDouble());
        return wanted ? withdrawal : null;
    }
}
