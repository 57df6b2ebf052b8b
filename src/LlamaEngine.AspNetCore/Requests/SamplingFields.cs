using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Errors;
using LlamaEngine.AspNetCore.Json;

namespace LlamaEngine.AspNetCore.Requests;

/// <summary>Reads how to sample and when to stop, in the names and ranges of OpenAI's API and the usual extensions.</summary>
/// <remarks>What is not given stays null, so that the model's generation_config decides.</remarks>
internal static class SamplingFields
{
    private const int MostStops = 16;

    /// <summary>The options of a request, without its log probabilities, which each endpoint spells its own way.</summary>
    /// <param name="maxTokens">Most tokens to generate, as the endpoint names it.</param>
    /// <param name="priority">Added to the request's own.</param>
    public static GenerationOptions Read(RequestFields fields, ServerLimits limits, int? maxTokens, int priority) => new()
    {
        MaxTokens = maxTokens,
        Choices = fields.Integer("n", 1, limits.Choices) ?? 1,
        Temperature = fields.Number("temperature", 0, 2),
        // The engine wants a share above 0; the smallest one keeps the best token only, as 0 means it.
        TopP = fields.Number("top_p", 0, 1) is { } topP ? Math.Max(topP, float.Epsilon) : null,
        TopK = fields.Integer("top_k", -1) is { } topK ? Math.Max(topK, 0) : null,
        MinP = fields.Number("min_p", 0, 1),
        TypicalP = fields.Number("typical_p", 0, 1) is { } typicalP ? Math.Max(typicalP, float.Epsilon) : null,
        // Extremes would make infinite logits of finite ones.
        RepetitionPenalty = fields.Number("repetition_penalty", 0.01, 100),
        PresencePenalty = fields.Number("presence_penalty", -2, 2) ?? 0,
        FrequencyPenalty = fields.Number("frequency_penalty", -2, 2) ?? 0,
        LogitBias = ReadBias(fields),
        Seed = ReadSeed(fields),
        StopStrings = ReadStops(fields),
        StopTokens = fields.Take("stop_token_ids") is { } tokens ? [.. JsonRead.Tokens(tokens, "stop_token_ids")] : [],
        MinTokens = fields.Integer("min_tokens", 0) ?? 0,
        IgnoreEndTokens = fields.Flag("ignore_eos"),
        Priority = Add(fields.Integer("priority", int.MinValue) ?? 0, priority),
        Timeout = fields.Duration("timeout", allowsForever: false),
    };

    /// <summary>The sum, held at the ends of the range.</summary>
    public static int Add(int first, int second) => (int)Math.Clamp((long)first + second, int.MinValue, int.MaxValue);

    /// <summary>A negative seed is a seed as well: its 64 bits.</summary>
    private static ulong? ReadSeed(RequestFields fields) =>
        fields.Take("seed") is { } seed ? unchecked((ulong)JsonRead.Integer(seed, "seed", long.MinValue, long.MaxValue)) : null;

    private static ImmutableArray<string> ReadStops(RequestFields fields)
    {
        const string Name = "stop";
        switch (fields.Take(Name))
        {
            case null:
                return [];
            case JsonArray { Count: > MostStops } many:
                throw ApiException.Invalid($"'stop' must have at most {MostStops} texts, not {many.Count}.", Name, "invalid_value");
            case JsonArray list:
                return [.. list.Select((item, i) => ReadStop(item, $"{Name}[{i}]"))];
            case var one when JsonRead.IsText(one):
                return [ReadStop(one, Name)];
            case var other:
                throw JsonRead.Wrong(other, Name, $"a text or a list of up to {MostStops} texts");
        }
    }

    private static string ReadStop(JsonNode? node, string path) =>
        JsonRead.Text(node, path) is { Length: > 0 } text ? text : throw JsonRead.Wrong(node, path, "a text that is not empty");

    private static Dictionary<int, float>? ReadBias(RequestFields fields)
    {
        const string Name = "logit_bias";
        if (fields.Take(Name) is not { } given)
            return null;
        var bias = new Dictionary<int, float>();
        foreach ((string key, JsonNode? value) in JsonRead.Object(given, Name))
        {
            string path = $"{Name}.{LlamaEngine.Formats.Untrusted.Show(key)}";
            if (!int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out int token))
                throw ApiException.Invalid($"'{path}': the names in '{Name}' must be token ids.", path, "invalid_value");
            bias[token] = (float)JsonRead.Number(value, path, -100, 100);
        }
        return bias;
    }
}
