using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace LlamaEngine.Formats.Gguf;

/// <summary>The sampling settings that a GGUF file recommends, under the names of generation_config.json.</summary>
internal static class GgufSampling
{
    private static readonly ImmutableArray<(string Gguf, string Json)> s_numbers =
    [
        ("general.sampling.temp", "temperature"),
        ("general.sampling.top_p", "top_p"),
        ("general.sampling.min_p", "min_p"),
        ("general.sampling.penalty_repeat", "repetition_penalty"),
    ];

    /// <summary>Builds the object anew, so that no caller shares it with another.</summary>
    public static JsonObject Read(GgufMetadata metadata)
    {
        var settings = new JsonObject();
        foreach ((string gguf, string json) in s_numbers)
        {
            if (metadata.GetNumber(gguf) is { } value && double.IsFinite(value))
                settings[json] = value;
        }
        if (metadata.GetInteger("general.sampling.top_k") is { } top)
            settings["top_k"] = top;
        return settings;
    }
}
