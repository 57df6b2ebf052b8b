using Microsoft.Extensions.AI;

namespace LlamaEngine.Clients;

/// <summary>Reads <see cref="ChatOptions"/> as <see cref="GenerationOptions"/>: every member is honoured, or refused by name.</summary>
/// <remarks><c>ConversationId</c>, <c>Instructions</c> and tools are not about generation; the client itself sees to them.</remarks>
internal static class ChatOptionsReader
{
    private static readonly AdditionalKeys<GenerationOptions> s_keys = new(
        nameof(ChatOptions),
        new Dictionary<string, Func<GenerationOptions, AdditionalValue, GenerationOptions>>
        {
            ["min_p"] = (options, value) => options with { MinP = value.ToNumber() },
            ["typical_p"] = (options, value) => options with { TypicalP = value.ToNumber() },
            ["repetition_penalty"] = (options, value) => options with { RepetitionPenalty = value.ToNumber() },
            ["penalty_window"] = (options, value) => options with { PenaltyWindow = value.ToInteger() },
            ["logit_bias"] = (options, value) => options with { LogitBias = value.ToBias() },
            ["banned_tokens"] = (options, value) => options with { BannedTokens = value.ToTokens() },
            ["min_tokens"] = (options, value) => options with { MinTokens = value.ToInteger() },
            ["stop_tokens"] = (options, value) => options with { StopTokens = value.ToTokens() },
            ["ignore_end_tokens"] = (options, value) => options with { IgnoreEndTokens = value.ToFlag() },
            ["top_logprobs"] = (options, value) => options with { TopLogProbabilities = value.ToInteger() },
            ["priority"] = (options, value) => options with { Priority = value.ToInteger() },
            ["timeout"] = (options, value) => options with { Timeout = value.ToTime() },
        });

    /// <summary>The options of a request.</summary>
    /// <exception cref="NotSupportedException">A member asks for what is not supported; the message names it.</exception>
    /// <exception cref="ArgumentException">A value is out of its range, or of the wrong kind.</exception>
    public static GenerationOptions Read(ChatOptions? options, LlamaChatClient client)
    {
        if (options is null)
            return new GenerationOptions();
        Refused.OtherModel("ChatOptions.ModelId", options.ModelId, client.Engine);
        RefuseWhatIsNotText(options);
        if (options.MaxOutputTokens < 1)
            throw new ArgumentOutOfRangeException(nameof(options), options.MaxOutputTokens, "ChatOptions.MaxOutputTokens must be at least 1.");
        GenerationOptions start = Start(options, client);
        return s_keys.Lay(options.AdditionalProperties, start with
        {
            Temperature = options.Temperature ?? start.Temperature,
            TopP = options.TopP ?? start.TopP,
            TopK = options.TopK ?? start.TopK,
            MaxTokens = options.MaxOutputTokens ?? start.MaxTokens,
            FrequencyPenalty = options.FrequencyPenalty ?? start.FrequencyPenalty,
            PresencePenalty = options.PresencePenalty ?? start.PresencePenalty,
            // A negative seed is a seed as well: its 64 bits.
            Seed = options.Seed is { } seed ? unchecked((ulong)seed) : start.Seed,
            ResponseFormat = options.ResponseFormat is { } format ? FormatOf(format) : start.ResponseFormat,
            StopStrings = options.StopSequences is { } stops ? [.. stops] : start.StopStrings,
        });
    }

    private static GenerationOptions Start(ChatOptions options, LlamaChatClient client)
    {
        const string Member = "ChatOptions.RawRepresentationFactory";
        object? raw = options.RawRepresentationFactory?.Invoke(client);
        if (raw is null)
            return new GenerationOptions();
        if (raw is not GenerationOptions start)
            throw Refused.Member(Member, raw.GetType(), "one that gives null or GenerationOptions");
        if (start.Choices != 1)
            throw Refused.Member(Member, $"Choices = {start.Choices}", "one choice, since a chat goes on with one reply");
        return start;
    }

    private static ResponseFormat? FormatOf(ChatResponseFormat format) => format switch
    {
        ChatResponseFormatText => null,
        ChatResponseFormatJson { Schema: { } schema } json => ResponseFormat.JsonSchema(schema, json.SchemaName),
        ChatResponseFormatJson => ResponseFormat.JsonObject,
        _ => throw Refused.Member("ChatOptions.ResponseFormat", format.GetType().Name, "null, ChatResponseFormat.Text and ChatResponseFormat.Json"),
    };

    private static void RefuseWhatIsNotText(ChatOptions options)
    {
        if (options.Reasoning is { Effort: not (null or ReasoningEffort.None) } or { Output: not (null or ReasoningOutput.None) })
            throw Refused.Member("ChatOptions.Reasoning", $"Effort {options.Reasoning.Effort}, Output {options.Reasoning.Output}", "null and None");
        if (options.AllowBackgroundResponses == true)
            throw Refused.Member("ChatOptions.AllowBackgroundResponses", true, "null and false");
        if (options.ContinuationToken is { } token)
            throw Refused.Member("ChatOptions.ContinuationToken", token.GetType().Name, "null, since no response runs in the background");
    }
}
