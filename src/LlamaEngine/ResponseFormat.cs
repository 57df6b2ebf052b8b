using System.Collections.Immutable;
using System.Text;
using System.Text.Json;

namespace LlamaEngine;

/// <summary>What form a completion has: free text, any JSON object, JSON that a schema accepts, or one of some texts.</summary>
/// <remarks>
/// <para>Tokens that would lead away from the form are never sampled, so a completion that ends with <see cref="FinishReason.Stop"/>
/// is whole and valid. Only <see cref="FinishReason.Length"/> and a cancellation cut it short.</para>
/// <para>Immutable and thread-safe. Equal when kind, schema text, name and texts are.</para>
/// </remarks>
public sealed class ResponseFormat : IEquatable<ResponseFormat>
{
    private ResponseFormat(ResponseFormatKind kind, string? schema = null, string? name = null, ImmutableArray<string> choices = default) =>
        (Kind, SchemaText, Name, Choices) = (kind, schema, name, choices.IsDefault ? [] : choices);

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

    /// <summary>What the completion can be; empty unless <see cref="Kind"/> is <see cref="ResponseFormatKind.Choice"/>.</summary>
    public ImmutableArray<string> Choices { get; }

    /// <summary>One of some texts, character for character: labels, commands, sentences to quote.</summary>
    /// <param name="texts">The texts; none of them empty. One may be the beginning of another.</param>
    /// <exception cref="ArgumentException">There is none, or an empty one, or one with an unpaired surrogate.</exception>
    public static ResponseFormat Choice(IEnumerable<string> texts)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ImmutableArray<string> choices = [.. texts];
        if (choices.IsEmpty)
            throw new ArgumentException("There is nothing to choose from.", nameof(texts));
        foreach (string text in choices)
        {
            if (string.IsNullOrEmpty(text) || Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) != text)
                throw new ArgumentException("A text to choose is empty, or has half of a character (an unpaired surrogate).", nameof(texts));
        }
        return new ResponseFormat(ResponseFormatKind.Choice, choices: choices);
    }

    /// <summary>JSON that a schema accepts. The schema is checked when a request uses it.</summary>
    /// <param name="schema">A JSON Schema of draft 2020-12: an object, true or false. It is copied.</param>
    /// <param name="name">What the caller calls it; it has no effect.</param>
    /// <exception cref="InvalidOperationException">The element is undefined.</exception>
    public static ResponseFormat JsonSchema(JsonElement schema, string? name = null) =>
        new(ResponseFormatKind.JsonSchema, schema.GetRawText(), name);

    /// <inheritdoc/>
    public bool Equals(ResponseFormat? other) =>
        other is not null && Kind == other.Kind && SchemaText == other.SchemaText && Name == other.Name && Choices.SequenceEqual(other.Choices);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ResponseFormat);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Kind, SchemaText, Name, Choices.Length, Choices.IsEmpty ? null : Choices[0]);
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

    /// <summary>One of some texts.</summary>
    Choice,
}
