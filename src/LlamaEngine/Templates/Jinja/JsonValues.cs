using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LlamaEngine.Templates.Jinja;

/// <summary>Turns JSON into the values of templates.</summary>
internal static class JsonValues
{
    /// <summary>The variables of a rendering.</summary>
    /// <exception cref="ChatTemplateException">
    /// They are nested too deep, or came from JSON that is no valid Unicode or names a property twice.
    /// </exception>
    public static Mapping ConvertVariables(JsonObject variables)
    {
        try
        {
            return Convert(variables, depth: 0);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            // JSON that was parsed lazily shows some of its faults only when it is read.
            throw new ChatTemplateException($"The variables are not valid JSON: {e.Message}", e);
        }
    }

    /// <summary>The value of a node; integers and floats stay apart, as Python's <c>json.loads</c> keeps them.</summary>
    /// <exception cref="ChatTemplateException">The node is nested too deep.</exception>
    private static object? Convert(JsonNode? node, int depth)
    {
        if (depth > Weight.MaxNesting)
            throw new ChatTemplateException($"Lists and dictionaries are nested more than {Weight.MaxNesting} deep.");
        return node switch
        {
            null => null,
            JsonArray array => Sequence.List([.. array.Select(item => Convert(item, depth + 1))]),
            JsonObject entries => Convert(entries, depth),
            _ => Convert(node.AsValue()),
        };
    }

    private static Mapping Convert(JsonObject source, int depth)
    {
        OrderedDictionary<Key, object?> entries = [];
        foreach ((string name, JsonNode? value) in source)
            entries[Key.Of(name)] = Convert(value, depth + 1);
        return new Mapping(entries);
    }

    private static object? Convert(JsonValue value) => value.GetValueKind() switch
    {
        JsonValueKind.String => value.GetValue<string>(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Null => null,
        _ => ConvertNumber(value),
    };

    private static object ConvertNumber(JsonValue value)
    {
        // A number that came from text shows in its text what it is; one made in memory, in its type.
        if (!value.TryGetValue(out JsonElement _) && value.TryGetValue(out double number))
            return number;
        string text = value.ToJsonString();
        if (text.AsSpan().IndexOfAny('.', 'e', 'E') >= 0)
            return double.Parse(text, CultureInfo.InvariantCulture);
        return Numbers.TryParseInteger(text, 10, out BigInteger integer)
            ? integer
            : throw new ChatTemplateException("The variables hold an integer with too many digits.");
    }
}
