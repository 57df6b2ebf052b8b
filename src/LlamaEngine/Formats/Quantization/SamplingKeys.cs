using System.Text.Json.Nodes;

namespace LlamaEngine.Formats.Quantization;

/// <summary>Writes the sampling settings of generation_config.json under GGUF's names.</summary>
internal static class SamplingKeys
{
    /// <summary>Adds the settings that are there and are numbers.</summary>
    public static void Describe(JsonObject settings, Dictionary<string, object> metadata)
    {
        Add("temperature", "general.sampling.temp");
        Add("top_p", "general.sampling.top_p");
        Add("min_p", "general.sampling.min_p");
        Add("repetition_penalty", "general.sampling.penalty_repeat");
        if (Number("top_k") is >= 0 and <= int.MaxValue and { } top)
            metadata["general.sampling.top_k"] = (int)top;

        void Add(string from, string to)
        {
            if (Number(from) is { } value)
                metadata[to] = (float)value;
        }

        double? Number(string key) =>
            settings[key] is JsonValue value && value.TryGetValue(out double number) && double.IsFinite(number) ? number : null;
    }
}
