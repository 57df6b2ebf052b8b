using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Errors;
using LlamaEngine.AspNetCore.Json;
using LlamaEngine.Formats;

namespace LlamaEngine.AspNetCore.Requests;

/// <summary>
/// The fields of an object in a request. What was asked for is known; <see cref="RefuseOthers"/> then refuses the rest by name, so that
/// nothing is ignored. A field that is null counts as not given.
/// </summary>
/// <param name="json">The object; not changed.</param>
/// <param name="path">Where it stands in the body; empty: it is the body.</param>
internal sealed class RequestFields(JsonObject json, string path = "")
{
    private readonly List<string> _known = [];

    /// <summary>Where a field stands in the body.</summary>
    public string PathOf(string name) => path.Length == 0 ? name : $"{path}.{name}";

    /// <summary>A field's value; null: it was not given.</summary>
    public JsonNode? Take(string name)
    {
        _known.Add(name);
        return json.TryGetPropertyValue(name, out JsonNode? value) ? value : null;
    }

    /// <summary>The value of a field that must be there.</summary>
    public JsonNode Require(string name) =>
        Take(name) ?? throw ApiException.Invalid($"'{PathOf(name)}' is missing.", PathOf(name), "missing_required_parameter");

    /// <summary>A text.</summary>
    public string? Text(string name) => Take(name) is { } value ? JsonRead.Text(value, PathOf(name)) : null;

    /// <summary>True or false; false where it was not given.</summary>
    public bool Flag(string name, bool otherwise = false) => Take(name) is { } value ? JsonRead.Flag(value, PathOf(name)) : otherwise;

    /// <summary>A number in a range.</summary>
    public float? Number(string name, double least, double most) =>
        Take(name) is { } value ? (float)JsonRead.Number(value, PathOf(name), least, most) : null;

    /// <summary>A whole number in a range.</summary>
    public int? Integer(string name, int least, int most = int.MaxValue) =>
        Take(name) is { } value ? (int)JsonRead.Integer(value, PathOf(name), least, most) : null;

    /// <summary>A length of time.</summary>
    public TimeSpan? Duration(string name, bool allowsForever) =>
        Take(name) is { } value ? Durations.Read(value, PathOf(name), allowsForever) : null;

    /// <summary>Refuses a field that is known from elsewhere unless it asks for what is done anyway.</summary>
    /// <param name="isHarmless">Whether a value asks for nothing.</param>
    /// <param name="supported">What may be given, for the message.</param>
    public void RefuseUnless(string name, Func<JsonNode, bool> isHarmless, string supported)
    {
        if (Take(name) is { } value && !isHarmless(value))
            throw NotSupported(PathOf(name), supported);
    }

    /// <summary>Refuses every field that nobody asked for.</summary>
    /// <exception cref="ApiException">There is one; the message names it and those that are supported.</exception>
    public void RefuseOthers()
    {
        foreach ((string name, JsonNode? value) in json)
        {
            if (value is not null && !_known.Contains(name))
                throw ApiException.Invalid(
                    $"'{PathOf(Untrusted.Show(name))}' is not supported here. Supported: {string.Join(", ", _known.Order(StringComparer.Ordinal))}.",
                    PathOf(Untrusted.Show(name)), "unsupported_parameter");
        }
    }

    /// <summary>The error for a value that is well formed but not supported.</summary>
    public static ApiException NotSupported(string path, string supported) =>
        ApiException.Invalid($"'{path}' is not supported as given. Supported: {supported}.", path, "unsupported_parameter");
}
