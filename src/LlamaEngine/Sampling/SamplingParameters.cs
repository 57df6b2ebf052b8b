using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using LlamaEngine.Sampling.Structured.Masks;

namespace LlamaEngine.Sampling;

/// <summary>
/// What a request samples with: its options where it gave any, else the model's generation_config, else no effect.
/// Everything is checked, so that a sampler need not check again. Immutable.
/// </summary>
internal sealed record SamplingParameters
{
    /// <summary>Tokens in the vocabulary: logits a row has.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Most tokens to generate; null: up to the end of the context.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>Neither end nor stop tokens are sampled before so many tokens.</summary>
    public int MinTokens { get; init; }

    /// <summary>0: greedy.</summary>
    public float Temperature { get; init; }

    /// <summary>1 … vocabulary − 1; 0: all.</summary>
    public int TopK { get; init; }

    /// <summary>At most 1; 1: all.</summary>
    public float TopP { get; init; } = 1;

    /// <summary>0 … 1; 0: all.</summary>
    public float MinP { get; init; }

    /// <summary>Above 0, at most 1; 1: all.</summary>
    public float TypicalP { get; init; } = 1;

    /// <summary>Above 0; 1: none.</summary>
    public float RepetitionPenalty { get; init; } = 1;

    /// <summary>−2 … 2; 0: none.</summary>
    public float PresencePenalty { get; init; }

    /// <summary>−2 … 2; 0: none.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>How many of the last tokens the penalties see.</summary>
    public int PenaltyWindow { get; init; } = int.MaxValue;

    /// <summary>Added to single logits: finite or −∞.</summary>
    public ImmutableArray<KeyValuePair<int, float>> LogitBias { get; init; } = [];

    /// <summary>Tokens that are never sampled.</summary>
    public ImmutableArray<int> BannedTokens { get; init; } = [];

    /// <summary>The request's seed, or a random one.</summary>
    public ulong Seed { get; init; }

    /// <summary>Texts that end the completion: none empty, none with half a character.</summary>
    public ImmutableArray<string> StopStrings { get; init; } = [];

    /// <summary>Tokens that end the completion: the request's own and, unless it ignores them, the model's.</summary>
    public ImmutableArray<int> StopTokens { get; init; } = [];

    /// <summary>Tokens not sampled before <see cref="MinTokens"/>: the request's stop tokens and the model's end tokens.</summary>
    public ImmutableArray<int> LateTokens { get; init; } = [];

    /// <summary>Special tokens that are part of the text all the same.</summary>
    public ImmutableArray<int> ShownTokens { get; init; } = [];

    /// <summary>Alternatives reported with each token's log probability; null: no log probabilities.</summary>
    public int? TopLogProbabilities { get; init; }

    /// <summary>Custom processors, in the order of their calls.</summary>
    public ImmutableArray<ILogitProcessor> LogitProcessors { get; init; } = [];

    /// <summary>What keeps the completion in its form; null: it is free text.</summary>
    public TokenStructure? Structure { get; init; }

    /// <summary>Whether a token ends the completion.</summary>
    public bool IsStopToken(int token) => StopTokens.Contains(token);

    /// <summary>Fills in and checks a request's options.</summary>
    /// <param name="options">What the request asked for; null: nothing.</param>
    /// <param name="generationConfig">The model's generation_config.json; empty where it has none.</param>
    /// <param name="vocabularySize">Logits a row has.</param>
    /// <param name="endTokenIds">Tokens that end a reply of the model.</param>
    /// <exception cref="ArgumentException">An option is out of its range; the parameter name is the option's.</exception>
    /// <exception cref="ModelFormatException">A value that is taken from generation_config.json makes no sense.</exception>
    public static SamplingParameters Resolve(
        GenerationOptions? options, JsonObject generationConfig, int vocabularySize, ImmutableArray<int> endTokenIds)
    {
        options ??= new GenerationOptions();
        OptionChecks.Check(options, vocabularySize);
        var model = new GenerationConfig(generationConfig);
        ImmutableArray<int> own = OptionChecks.OrEmpty(options.StopTokens);
        ImmutableArray<int> ends = [.. OptionChecks.OrEmpty(endTokenIds).Where(token => (uint)token < (uint)vocabularySize)];
        int topK = options.TopK ?? model.TopK ?? 0;
        return new SamplingParameters
        {
            VocabularySize = vocabularySize,
            MaxTokens = options.MaxTokens ?? model.MaxNewTokens,
            MinTokens = options.MinTokens,
            Temperature = options.Temperature ?? model.Temperature ?? 0,
            TopK = topK < vocabularySize ? topK : 0,
            TopP = options.TopP ?? model.TopP ?? 1,
            MinP = options.MinP ?? model.MinP ?? 0,
            TypicalP = options.TypicalP ?? model.TypicalP ?? 1,
            RepetitionPenalty = options.RepetitionPenalty ?? model.RepetitionPenalty ?? 1,
            PresencePenalty = options.PresencePenalty,
            FrequencyPenalty = options.FrequencyPenalty,
            PenaltyWindow = options.PenaltyWindow ?? int.MaxValue,
            LogitBias = [.. options.LogitBias ?? ImmutableDictionary<int, float>.Empty],
            BannedTokens = OptionChecks.OrEmpty(options.BannedTokens),
            Seed = options.Seed ?? RandomSeed(),
            StopStrings = OptionChecks.OrEmpty(options.StopStrings),
            StopTokens = options.IgnoreEndTokens ? own : [.. own.Union(ends)],
            LateTokens = [.. own.Union(ends)],
            TopLogProbabilities = options.TopLogProbabilities,
            LogitProcessors = OptionChecks.OrEmpty(options.LogitProcessors),
        };
    }

    private static ulong RandomSeed()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(bytes);
        return BitConverter.ToUInt64(bytes);
    }
}
