using System.Globalization;
using System.Text.Json;

namespace LlamaEngine.Sampling.Structured.Schemas;

/// <summary>Finds what a $ref names inside the same document: a JSON Pointer or an anchor behind '#'.</summary>
internal sealed class SchemaReferences(JsonElement root)
{
    private readonly string _base =
        root.ValueKind == JsonValueKind.Object && root.TryGetProperty("$id", out JsonElement id) && id.ValueKind == JsonValueKind.String
            ? id.GetString()!.TrimEnd('#')
            : "";

    private Dictionary<string, (JsonElement Element, string Pointer)>? _anchors;

    /// <summary>The schema, and where it stands.</summary>
    /// <exception cref="UnsupportedSchemaException">It is outside the document, or there is none.</exception>
    public (JsonElement Element, string Pointer) Resolve(string reference, string pointer)
    {
        if (_base.Length > 0 && reference.StartsWith(_base, StringComparison.Ordinal) && (reference.Length == _base.Length || reference[_base.Length] == '#'))
            reference = reference.Length == _base.Length ? "#" : reference[_base.Length..];
        if (!reference.StartsWith('#'))
            throw new UnsupportedSchemaException(pointer, "$ref", $"'{reference}' is outside the document; only '#…' is followed.");
        string fragment = Uri.UnescapeDataString(reference[1..]);
        if (fragment.Length > 0 && fragment[0] != '/')
            return Anchors().TryGetValue(fragment, out (JsonElement, string) found) ? found : throw Missing(reference, pointer);
        return Walk(fragment, reference, pointer);
    }

    private (JsonElement Element, string Pointer) Walk(string fragment, string reference, string pointer)
    {
        JsonElement element = root;
        foreach (string escaped in fragment.Split('/').Skip(1))
        {
            string step = escaped.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            element = Step(element, step) ?? throw Missing(reference, pointer);
            if (element.ValueKind == JsonValueKind.Object && element.TryGetProperty("$id", out JsonElement id) && id.ValueKind == JsonValueKind.String)
                throw new UnsupportedSchemaException(pointer, "$ref", $"'{reference}' passes a schema with an $id of its own.");
        }
        return (element, fragment);
    }

    private static JsonElement? Step(JsonElement element, string step)
    {
        if (element.ValueKind == JsonValueKind.Object)
            return element.TryGetProperty(step, out JsonElement value) ? value : null;
        bool isIndex = element.ValueKind == JsonValueKind.Array
            & int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out int index);
        return isIndex && index < element.GetArrayLength() ? element[index] : null;
    }

    private static UnsupportedSchemaException Missing(string reference, string pointer) =>
        new(pointer, "$ref", $"'{reference}' names nothing in the document.");

    private Dictionary<string, (JsonElement Element, string Pointer)> Anchors()
    {
        if (_anchors is null)
        {
            _anchors = new(StringComparer.Ordinal);
            Collect(root, "", isMap: false);
        }
        return _anchors;
    }

    /// <summary>Whether the members of a keyword's value are schemas by names of the author's, which are no keywords.</summary>
    public static bool IsMap(string keyword) => keyword is "properties" or "patternProperties" or "$defs" or "definitions" or "dependentSchemas";

    /// <summary>Whether a keyword's value is a value, or several, in which nothing is a schema.</summary>
    public static bool IsValue(string keyword) => keyword is "enum" or "const" or "default" or "examples";

    private void Collect(JsonElement element, string pointer, bool isMap)
    {
        if (element.ValueKind == JsonValueKind.Array)
        {
            int index = 0;
            foreach (JsonElement item in element.EnumerateArray())
                Collect(item, $"{pointer}/{index++}", isMap: false);
        }
        if (element.ValueKind != JsonValueKind.Object)
            return;
        foreach (JsonProperty property in element.EnumerateObject())
        {
            if (!isMap && property.Name == "$anchor" && property.Value.ValueKind == JsonValueKind.String && !_anchors!.TryAdd(property.Value.GetString()!, (element, pointer)))
                throw new UnsupportedSchemaException(pointer, "$anchor", "two schemas have the same anchor.");
            if (isMap || !IsValue(property.Name))
                Collect(property.Value, $"{pointer}/{Escape(property.Name)}", isMap: !isMap && IsMap(property.Name));
        }
    }

    /// <summary>A name as a step of a pointer.</summary>
    public static string Escape(string name) =>
        name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
}
