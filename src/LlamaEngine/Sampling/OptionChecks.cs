using System.Collections.Immutable;

namespace LlamaEngine.Sampling;

/// <summary>Refuses options outside their range, by the option's name and with what is allowed.</summary>
internal static class OptionChecks
{
    /// <summary>Most alternatives a token's log probability comes with.</summary>
    public const int MaxTopLogProbabilities = 20;

    /// <summary>Most completions of one prompt.</summary>
    public const int MaxChoices = 128;

    /// <summary>Checks all of a request's options against a vocabulary.</summary>
    public static void Check(GenerationOptions options, int vocabularySize)
    {
        CheckCounts(options);
        CheckDistribution(options);
        CheckPenalties(options);
        CheckTokens(options.BannedTokens, nameof(options.BannedTokens), vocabularySize);
        CheckTokens(options.StopTokens, nameof(options.StopTokens), vocabularySize);
        CheckBias(options.LogitBias, vocabularySize);
        foreach (string text in OrEmpty(options.StopStrings))
            CheckStopString(text);
        CheckFormat(options);
        Require(!OrEmpty(options.LogitProcessors).Contains(null!), null, nameof(options.LogitProcessors), "without null");
    }

    /// <summary>The array, or none where it was never set.</summary>
    public static ImmutableArray<T> OrEmpty<T>(ImmutableArray<T> array) => array.IsDefault ? [] : array;

    /// <summary>Refuses a time that is none.</summary>
    public static void CheckTimeout(TimeSpan? timeout) =>
        Require(timeout is null || timeout > TimeSpan.Zero, timeout, nameof(GenerationOptions.Timeout), "longer than nothing");

    // Either would end, or not end, a completion where its form does not.
    private static void CheckFormat(GenerationOptions options)
    {
        if (options.ResponseFormat is null or { Kind: ResponseFormatKind.Text })
            return;
        const string Without = "left out where there is a ResponseFormat";
        Require(OrEmpty(options.StopStrings).IsEmpty, "some", nameof(options.StopStrings), Without);
        Require(!options.IgnoreEndTokens, true, nameof(options.IgnoreEndTokens), Without);
    }

    private static void CheckCounts(GenerationOptions options)
    {
        Require(options.MaxTokens is null or >= 1, options.MaxTokens, nameof(options.MaxTokens), "at least 1");
        Require(options.MinTokens >= 0, options.MinTokens, nameof(options.MinTokens), "at least 0");
        Require(options.MinTokens <= (options.MaxTokens ?? int.MaxValue), options.MinTokens, nameof(options.MinTokens), "at most MaxTokens");
        Require(options.Choices is >= 1 and <= MaxChoices, options.Choices, nameof(options.Choices), $"from 1 to {MaxChoices}");
        CheckTimeout(options.Timeout);
        Require(options.PenaltyWindow is null or >= 0, options.PenaltyWindow, nameof(options.PenaltyWindow), "at least 0");
        Require(
            options.TopLogProbabilities is null or (>= 0 and <= MaxTopLogProbabilities),
            options.TopLogProbabilities, nameof(options.TopLogProbabilities), $"from 0 to {MaxTopLogProbabilities}");
    }

    private static void CheckDistribution(GenerationOptions options)
    {
        Require(options.Temperature is null or (>= 0 and < float.PositiveInfinity), options.Temperature, nameof(options.Temperature), "at least 0 and finite");
        Require(options.TopK is null or >= 0, options.TopK, nameof(options.TopK), "at least 0");
        Require(options.TopP is null or (> 0 and <= 1), options.TopP, nameof(options.TopP), "above 0 and at most 1");
        Require(options.MinP is null or (>= 0 and <= 1), options.MinP, nameof(options.MinP), "from 0 to 1");
        Require(options.TypicalP is null or (> 0 and <= 1), options.TypicalP, nameof(options.TypicalP), "above 0 and at most 1");
    }

    private static void CheckPenalties(GenerationOptions options)
    {
        Require(
            options.RepetitionPenalty is null or (> 0 and < float.PositiveInfinity),
            options.RepetitionPenalty, nameof(options.RepetitionPenalty), "above 0 and finite");
        Require(options.PresencePenalty is >= -2 and <= 2, options.PresencePenalty, nameof(options.PresencePenalty), "from -2 to 2");
        Require(options.FrequencyPenalty is >= -2 and <= 2, options.FrequencyPenalty, nameof(options.FrequencyPenalty), "from -2 to 2");
    }

    private static void CheckTokens(ImmutableArray<int> tokens, string member, int vocabularySize)
    {
        foreach (int token in OrEmpty(tokens))
            Require(token >= 0 && token < vocabularySize, token, member, $"tokens of the vocabulary, from 0 to {vocabularySize - 1}");
    }

    private static void CheckBias(IReadOnlyDictionary<int, float>? bias, int vocabularySize)
    {
        const string Member = nameof(GenerationOptions.LogitBias);
        foreach ((int token, float value) in bias ?? ImmutableDictionary<int, float>.Empty)
        {
            Require(token >= 0 && token < vocabularySize, token, Member, $"for tokens of the vocabulary, from 0 to {vocabularySize - 1}");
            Require(value < float.PositiveInfinity, value, Member, "finite or negative infinity");
        }
    }

    private static void CheckStopString(string? text)
    {
        const string Member = nameof(GenerationOptions.StopStrings);
        Require(!string.IsNullOrEmpty(text), text, Member, "texts that are not empty");
        // Half a surrogate pair would match, and cut, in the middle of a character.
        for (int i = 0; i < text!.Length; i++)
        {
            bool pair = char.IsSurrogatePair(text, i);
            Require(pair || !char.IsSurrogate(text[i]), text, Member, "texts without unpaired surrogates");
            i += pair ? 1 : 0;
        }
    }

    private static void Require(bool allowed, object? value, string member, string range)
    {
        if (!allowed)
            throw new ArgumentOutOfRangeException(member, value, $"{member} must be {range}.");
    }
}
