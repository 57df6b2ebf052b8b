using System.Text.Json;

namespace LlamaEngine;

/// <summary>What form a completion has: free text, any JSON object, or JSON that a schema accepts.</summary>
/// <remarks>
/// <para>Tokens that would lead away from the form are never sampled, so a completion that ends with <see cref="FinishReason.Stop"/>
/// is a whole valid instance. Only <see cref="FinishReason.Length"/> and a cancellation cut it short.</para>
/// <para>Immutable and thread-safe. Equal when kind, schema text and name are.</para>
/// </remarks>
public sealed class ResponseFormat : IEquatable<ResponseFormat>
{
    private ResponseFormat(ResponseFormatKind kind, string? schema = null, string? name = null) =>
        (Kind, SchemaText, Name) = (kind, schema, name);

    /// <summary>Free text, the default.</summary>
    public static ResponseFormat Text { get; } = new(ResponseFormatKind.Text);

    /// <summary>Any JSON object.</summary>
    public static ResponseFormat JsonObject { get; } = new(ResponseFormatKind.JsonObject);

    /// <summary>Which form.</summary>
    public ResponseFormatKind Kind { get; }

    /// <summary>The schema as JSON text; null unless <see cref="Kind"/> is <see cref="ResponseFormatKind.JsonSchema"/>.</summary>
    public string? SchemaText { get; }

    /// <summary>What the caller calls the schema; it has no effect.</summary>
    public string? Name { get; }

    /// <summary>JSON that a schema accepts. The schema is checked when a request uses it.</summary>
    /// <param name="schema">A JSON Schema of draft 2020-12: an object, true or false. It is copied.</param>
    /// <param name="name">What the caller calls it; it has no effect.</param>
    /// <exception cref="InvalidOperationException">The element is undefined.</exception>
    public static ResponseFormat JsonSchema(JsonElement schema, string? name = null) =>
        new(ResponseFormatKind.JsonSchema, schema.GetRawText(), name);

    /// <inheritdoc/>
    public bool Equals(ResponseFormat? other) =>
        other is not null && Kind == other.Kind && SchemaText == other.SchemaText && Name == other.Name;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ResponseFormat);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Kind, SchemaText, Name);
}

/// <summary>The forms of a completion.</summary>
public enum ResponseFormatKind
{
    /// <summary>Free text.</summary>
    Text,

    /// <summary>Any JSON object.</summary>
    JsonObject,

    /// <summary>JSON that a schema accepts.</summary>
    JsonSchema,
}
