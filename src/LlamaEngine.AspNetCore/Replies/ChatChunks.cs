using System.Text.Json;

namespace LlamaEngine.AspNetCore.Replies;

/// <summary>Writes the completions of a chat piece by piece: the role first, then text, then the reason of the end, for each choice.</summary>
/// <param name="includesUsage">Every piece has the field usage: null but in the last one.</param>
/// <param name="logs">Writes log probabilities; null: they are not wanted.</param>
internal sealed class ChatChunks(ReplyHead head, int choices, bool includesUsage, TokenLog? logs) : IChunks
{
    private readonly bool[] _begun = new bool[choices];

    /// <inheritdoc/>
    public Usage Usage { get; } = new(choices);

    /// <inheritdoc/>
    public int CountFor(CompletionUpdate update) =>
        (_begun[update.ChoiceIndex] ? 0 : 1) + (HasContent(update) ? 1 : 0) + (update.FinishReason != FinishReason.None ? 1 : 0);

    /// <inheritdoc/>
    public void Write(Utf8JsonWriter json, CompletionUpdate update, int remaining)
    {
        bool isRole = !_begun[update.ChoiceIndex];
        _begun[update.ChoiceIndex] = true;
        bool isEnd = !isRole && remaining == 1 && update.FinishReason != FinishReason.None;
        Begin(json);
        json.WriteStartObject();
        json.WriteNumber("index"u8, update.ChoiceIndex);
        json.WriteStartObject("delta"u8);
        if (isRole)
            json.WriteString("role"u8, "assistant"u8);
        if (!isEnd)
            json.WriteString("content"u8, isRole ? "" : update.Text);
        json.WriteEndObject();
        json.WritePropertyName("logprobs"u8);
        if (!isRole && !isEnd && logs?.Reports(update) == true)
            ChatReply.WriteLogs(json, [update], logs);
        else
            json.WriteNullValue();
        json.WriteString("finish_reason"u8, isEnd ? FinishReasons.NameOf(update.FinishReason) : null);
        json.WriteEndObject();
        End(json);
    }

    /// <inheritdoc/>
    public void WriteUsage(Utf8JsonWriter json)
    {
        Begin(json);
        json.WriteEndArray();
        Usage.Write(json);
        json.WriteEndObject();
    }

    private bool HasContent(CompletionUpdate update) => update.Text.Length > 0 || logs?.Reports(update) == true;

    private void Begin(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        head.Write(json);
        json.WriteStartArray("choices"u8);
    }

    private void End(Utf8JsonWriter json)
    {
        json.WriteEndArray();
        if (includesUsage)
            json.WriteNull("usage"u8);
        json.WriteEndObject();
    }
}
