using System.Text.Json;
using System.Text.Json.Serialization;

namespace LlamaEngine.Tests.Engine;

/// <summary>A greedy completion by the reference: prompt, tokens, and how clear each choice was.</summary>
internal sealed record GreedyCase
{
    /// <summary>The reference differs from llama.cpp only below 0.3; from here on every choice must agree.</summary>
    public const double ClearMargin = 0.5;

    [JsonPropertyName("kind")]
    public required string Kind { get; init; }

    [JsonPropertyName("prompt")]
    public required string Prompt { get; init; }

    [JsonPropertyName("prompt_ids")]
    public required int[] PromptIds { get; init; }

    [JsonPropertyName("ids")]
    public required int[] Ids { get; init; }

    [JsonPropertyName("margins")]
    public required double[] Margins { get; init; }

    /// <summary>Steps up to the first choice that is not clear.</summary>
    public int ClearSteps => Array.FindIndex(Margins, margin => margin < ClearMargin) is var first and >= 0 ? first : Ids.Length;

    public static List<GreedyCase> Load(string file) => JsonSerializer.Deserialize<List<GreedyCase>>(File.ReadAllBytes(file))!;
}
