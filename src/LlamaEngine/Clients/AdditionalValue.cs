using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace LlamaEngine.Clients;

/// <summary>A value of <c>AdditionalProperties</c>, as it was set in code or read from JSON.</summary>
/// <param name="key">Its key, for messages.</param>
/// <param name="value">The value.</param>
internal readonly struct AdditionalValue(string key, object value)
{
    /// <summary>Any number.</summary>
    public float ToNumber() => (float)(Number(value) ?? throw Wrong("a number"));

    /// <summary>A whole number.</summary>
    public int ToInteger() => Integer(value) ?? throw Wrong("a whole number");

    /// <summary>Yes or no.</summary>
    public bool ToFlag() => value switch
    {
        bool flag => flag,
        JsonElement { ValueKind: JsonValueKind.True or JsonValueKind.False } element => element.GetBoolean(),
        _ => throw Wrong("true or false"),
    };

    /// <summary>A text.</summary>
    public string ToText() => value switch
    {
        string text => text,
        JsonElement { ValueKind: JsonValueKind.String } element => element.GetString()!,
        _ => throw Wrong("a text"),
    };

    /// <summary>A length of time; numbers are seconds.</summary>
    public TimeSpan ToTime()
    {
        if (value is TimeSpan time)
            return time;
        double seconds = Number(value) ?? throw Wrong("a TimeSpan or a number of seconds");
        if (!(Math.Abs(seconds) < TimeSpan.MaxValue.TotalSeconds))
            throw Wrong("a number of seconds that a TimeSpan can hold");
        return TimeSpan.FromSeconds(seconds);
    }

    /// <summary>Token ids.</summary>
    public ImmutableArray<int> ToTokens()
    {
        const string Expected = "a list of token ids";
        AdditionalValue self = this;
        return value switch
        {
            IEnumerable<int> tokens => [.. tokens],
            JsonElement { ValueKind: JsonValueKind.Array } element =>
                [.. element.EnumerateArray().Select(token => Integer(token) ?? throw self.Wrong(Expected))],
            _ => throw Wrong(Expected),
        };
    }

    /// <summary>What is added to the logits of token ids.</summary>
    public IReadOnlyDictionary<int, float> ToBias()
    {
        AdditionalValue self = this;
        return value switch
        {
            IEnumerable<KeyValuePair<int, float>> bias => bias.ToImmutableDictionary(),
            JsonElement { ValueKind: JsonValueKind.Object } element => element.EnumerateObject().ToImmutableDictionary(self.ToToken, self.ToBias),
            _ => throw Wrong("a dictionary from token ids to numbers"),
        };
    }

    private int ToToken(JsonProperty property) => int.TryParse(property.Name, NumberStyles.None, CultureInfo.InvariantCulture, out int token)
        ? token
        : throw Wrong("an object whose names are token ids");

    private float ToBias(JsonProperty property) => (float)(Number(property.Value) ?? throw Wrong("an object whose values are numbers"));

    private static int? Integer(object value) => Number(value) is { } number && number == (int)number ? (int)number : null;

    private static double? Number(object value) => value switch
    {
        JsonElement { ValueKind: JsonValueKind.Number } element => element.GetDouble(),
        IConvertible number when number.GetTypeCode() is >= TypeCode.SByte and <= TypeCode.Decimal => number.ToDouble(CultureInfo.InvariantCulture),
        _ => null,
    };

    private ArgumentException Wrong(string expected) =>
        new($"AdditionalProperties[\"{key}\"] must be {expected}, not {value} ({value.GetType().Name}).");
}
