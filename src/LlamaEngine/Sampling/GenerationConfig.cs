using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LlamaEngine.Sampling;

/// <summary>Reads the sampling defaults of a model's generation_config.json; null: the file does not say.</summary>
/// <remarks>
/// A key is read, and refused if it makes no sense, only when it is asked for: what a request sets itself, the file
/// cannot spoil. Keys that are absent have no effect, as in vLLM; Hugging Face's own defaults (top_k 50) are not assumed.
/// </remarks>
internal readonly struct GenerationConfig(JsonObject config)
{
    private const string FileName = "generation_config.json";

    /// <summary>0 (greedy) where do_sample is false; where it is true, 1 unless a temperature is given.</summary>
    public float? Temperature => Flag("do_sample") switch
    {
        false => 0,
        true => GivenTemperature ?? 1,
        null => GivenTemperature,
    };

    /// <summary>At least 0; −1, which some files write for "all", is 0.</summary>
    public int? TopK => Integer("top_k", -1) is { } k ? Math.Max(k, 0) : null;

    /// <summary>0 … 1; 0 keeps the best token only.</summary>
    public float? TopP => Number("top_p", value => value is >= 0 and <= 1, "from 0 to 1");

    /// <summary>0 … 1.</summary>
    public float? MinP => Number("min_p", value => value is >= 0 and <= 1, "from 0 to 1");

    /// <summary>Above 0, at most 1.</summary>
    public float? TypicalP => Number("typical_p", value => value is > 0 and <= 1, "above 0 and at most 1");

    /// <summary>Above 0.</summary>
    public float? RepetitionPenalty =>
        Number("repetition_penalty", value => value is > 0 and < float.PositiveInfinity, "above 0");

    /// <summary>At least 1.</summary>
    public int? MaxNewTokens => Integer("max_new_tokens", 1);

    private float? GivenTemperature =>
        Number("temperature", value => value is >= 0 and < float.PositiveInfinity, "at least 0");

    private bool? Flag(string key) => Value(key) switch
    {
        null => null,
        { } value when value.GetValueKind() is JsonValueKind.True => true,
        { } value when value.GetValueKind() is JsonValueKind.False => false,
        _ => throw Refuse(key, "true or false"),
    };

    private float? Number(string key, Func<float, bool> allowed, string range)
    {
        if (Value(key) is not { } value)
            return null;
        float number = (float)(Parse(value) ?? double.NaN);
        return allowed(number) ? number : throw Refuse(key, $"a number {range}");
    }

    private int? Integer(string key, int least)
    {
        if (Value(key) is not { } value)
            return null;
        double number = Parse(value) ?? double.NaN;
        bool allowed = number >= least && number <= int.MaxValue && number == Math.Floor(number);
        return allowed ? (int)number : throw Refuse(key, $"a whole number from {least} to {int.MaxValue}");
    }

    private JsonNode? Value(string key) => config.TryGetPropertyValue(key, out JsonNode? value) ? value : null;

    // By its text, for a node's own conversions depend on the .NET type it was made from.
    private static double? Parse(JsonNode value) =>
        value.GetValueKind() is JsonValueKind.Number
        && double.TryParse(value.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
            ? number
            : null;

    private static ModelFormatException Refuse(string key, string expected) =>
        new(FileName, null, $"{key} must be {expected}.");
}
