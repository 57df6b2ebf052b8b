using System.Text.Json;

namespace LlamaEngine.AspNetCore.Replies;

/// <summary>Writes the completions of texts piece by piece; the last piece of each has the reason of its end.</summary>
/// <param name="count">Completions of all prompts together.</param>
/// <param name="choices">Completions of each prompt.</param>
/// <param name="includesUsage">Every piece has the field usage: null but in the last one.</param>
/// <param name="createLog">Makes what writes the log probabilities of one completion; null: they are not wanted.</param>
internal sealed class TextChunks(ReplyHead head, int count, int choices, bool includesUsage, Func<TextLog>? createLog) : IChunks<CompletionUpdate>
{
    private readonly TextLog?[] _logs = [.. Enumerable.Range(0, count).Select(_ => createLog?.Invoke())];

    /// <inheritdoc/>
    public Usage Usage { get; } = new(choices);

    /// <inheritdoc/>
    public CompletionUpdate UpdateOf(CompletionUpdate piece) => piece;

    /// <inheritdoc/>
    public bool Joins(CompletionUpdate step, CompletionUpdate next) =>
        createLog is null && step.ChoiceIndex == next.ChoiceIndex && step.FinishReason == FinishReason.None;

    /// <inheritdoc/>
    public CompletionUpdate Join(IReadOnlyList<CompletionUpdate> steps) => steps[^1] with { Text = string.Concat(steps.Select(step => step.Text)) };

    /// <inheritdoc/>
    public int CountFor(CompletionUpdate piece) =>
        piece.Text.Length > 0 || piece.FinishReason != FinishReason.None || _logs[piece.ChoiceIndex]?.Reports(piece) == true ? 1 : 0;

    /// <inheritdoc/>
    public void Write(Utf8JsonWriter json, CompletionUpdate piece, int remaining)
    {
        json.WriteStartObject();
        head.Write(json);
        json.WriteStartArray("choices"u8);
        json.WriteStartObject();
        json.WriteNumber("index"u8, piece.ChoiceIndex);
        json.WriteString("text"u8, piece.Text);
        json.WritePropertyName("logprobs"u8);
        if (_logs[piece.ChoiceIndex] is { } log && log.Reports(piece))
            log.Write(json, [piece]);
        else
            json.WriteNullValue();
        json.WriteString("finish_reason"u8, FinishReasons.NameOf(piece.FinishReason));
        json.WriteEndObject();
        json.WriteEndArray();
        if (includesUsage)
            json.WriteNull("usage"u8);
        json.WriteEndObject();
    }

    /// <inheritdoc/>
    public void WriteUsage(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        head.Write(json);
        json.WriteStartArray("choices"u8);
        json.WriteEndArray();
        Usage.Write(json);
        json.WriteEndObject();
    }
}
