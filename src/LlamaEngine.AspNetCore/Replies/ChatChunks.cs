using System.Text.Json;
using LlamaEngine.Tools;

namespace LlamaEngine.AspNetCore.Replies;

/// <summary>
/// Writes the completions of a chat piece by piece: the role first, then text and calls (each call whole), then the reason of the end, for each
/// choice.
/// </summary>
/// <param name="includesUsage">Every piece has the field usage: null but in the last one.</param>
/// <param name="logs">Writes log probabilities; null: they are not wanted.</param>
internal sealed class ChatChunks(ReplyHead head, int choices, bool includesUsage, TokenLog? logs) : IChunks<ChatUpdate>
{
    private readonly bool[] _begun = new bool[choices];
    private readonly int[] _calls = new int[choices];

    /// <inheritdoc/>
    public Usage Usage { get; } = new(choices);

    /// <inheritdoc/>
    public CompletionUpdate UpdateOf(ChatUpdate piece) => piece.Update;

    /// <inheritdoc/>
    public bool Joins(ChatUpdate step, ChatUpdate next) =>
        logs is null && step.Update.ChoiceIndex == next.Update.ChoiceIndex && step.Update.FinishReason == FinishReason.None
        && IsText(step) && IsText(next);

    /// <inheritdoc/>
    public ChatUpdate Join(IReadOnlyList<ChatUpdate> steps)
    {
        string text = string.Concat(steps.SelectMany(step => step.Parts).Select(part => part.Text));
        return steps[^1] with { Parts = text.Length == 0 ? [] : [new ReplyPart(text, null)] };
    }

    /// <inheritdoc/>
    public int CountFor(ChatUpdate piece) => (_begun[piece.Update.ChoiceIndex] ? 0 : 1) + ContentsOf(piece) + EndsOf(piece);

    /// <inheritdoc/>
    public void Write(Utf8JsonWriter json, ChatUpdate piece, int remaining)
    {
        CompletionUpdate update = piece.Update;
        bool isRole = !_begun[update.ChoiceIndex], isEnd = !isRole && remaining == EndsOf(piece);
        _begun[update.ChoiceIndex] = true;
        int content = isRole || isEnd ? -1 : ContentsOf(piece) + EndsOf(piece) - remaining;
        Begin(json);
        json.WriteStartObject();
        json.WriteNumber("index"u8, update.ChoiceIndex);
        json.WriteStartObject("delta"u8);
        if (isRole)
            WriteRole(json);
        else if (content >= 0)
            WriteContent(json, piece, content);
        json.WriteEndObject();
        json.WritePropertyName("logprobs"u8);
        if (content == 0 && logs?.Reports(update) == true)
            ChatReply.WriteLogs(json, [update], logs);
        else
            json.WriteNullValue();
        json.WriteString("finish_reason"u8, isEnd ? FinishReasons.NameOf(update.FinishReason, piece.CallsTools) : null);
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

    /// <summary>Pieces with text or a call. A token to report needs one, also where no text is certain yet.</summary>
    private int ContentsOf(ChatUpdate piece) => Math.Max(piece.Parts.Length, logs?.Reports(piece.Update) == true ? 1 : 0);

    private static bool IsText(ChatUpdate piece) => piece.Parts.All(part => part.Call is null);

    private static int EndsOf(ChatUpdate piece) => piece.Update.FinishReason == FinishReason.None ? 0 : 1;

    private static void WriteRole(Utf8JsonWriter json)
    {
        json.WriteString("role"u8, "assistant"u8);
        json.WriteString("content"u8, ""u8);
    }

    private void WriteContent(Utf8JsonWriter json, ChatUpdate piece, int index)
    {
        ReplyPart part = index < piece.Parts.Length ? piece.Parts[index] : new ReplyPart("", null);
        if (part.Call is not { } call)
        {
            json.WriteString("content"u8, part.Text);
            return;
        }
        json.WriteStartArray("tool_calls"u8);
        CallJson.Write(json, call, _calls[piece.Update.ChoiceIndex]++);
        json.WriteEndArray();
    }

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
