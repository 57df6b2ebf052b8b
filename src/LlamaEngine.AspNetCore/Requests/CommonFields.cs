using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Errors;
using LlamaEngine.AspNetCore.Json;

namespace LlamaEngine.AspNetCore.Requests;

/// <summary>What every request may say.</summary>
/// <param name="Model">The model's name; null: the first.</param>
/// <param name="KeepAlive">How long the model stays loaded afterwards; null: as configured.</param>
internal sealed record CommonFields(string? Model, TimeSpan? KeepAlive)
{
    private const int MostMetadata = 16;

    /// <summary>Reads them.</summary>
    public static CommonFields Read(RequestFields fields) => new(fields.Text("model"), fields.Duration("keep_alive", allowsForever: true));

    /// <summary>Checks labels that callers give their requests; they change nothing.</summary>
    public static void CheckLabels(RequestFields fields)
    {
        _ = fields.Text("user");
        if (fields.Take("metadata") is not { } given)
            return;
        JsonObject metadata = JsonRead.Object(given, fields.PathOf("metadata"));
        if (metadata.Count > MostMetadata)
            throw ApiException.Invalid($"'metadata' must have at most {MostMetadata} keys, not {metadata.Count}.", "metadata", "invalid_value");
        foreach ((string name, JsonNode? value) in metadata)
            _ = JsonRead.Text(value, $"metadata.{LlamaEngine.Formats.Untrusted.Show(name)}");
    }
}
