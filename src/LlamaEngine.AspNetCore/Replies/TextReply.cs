using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LlamaEngine.AspNetCore.Replies;

/// <summary>Gathers the completions of texts into one reply.</summary>
/// <param name="count">Completions of all prompts together.</param>
/// <param name="choices">Completions of each prompt.</param>
/// <param name="createLog">Makes what writes the log probabilities of one completion; null: they are not wanted.</param>
internal sealed class TextReply(ReplyHead head, int count, int choices, Func<TextLog>? createLog)
{
    private readonly Usage _usage = new(choices);
    private readonly List<CompletionUpdate>[] _updates = [.. Enumerable.Range(0, count).Select(_ => new List<CompletionUpdate>())];

    /// <summary>Takes what was generated next.</summary>
    public void Add(CompletionUpdate update)
    {
        _updates[update.ChoiceIndex].Add(update);
        if (update.Usage is { } usage)
            _usage.Add(update.ChoiceIndex, usage);
    }

    /// <summary>The reply.</summary>
    public JsonObject ToJson()
    {
        JsonObject reply = head.ToJson();
        reply["choices"] = new JsonArray([.. _updates.Select(ToJson)]);
        reply["usage"] = _usage.ToJson();
        return reply;
    }

    private JsonNode ToJson(List<CompletionUpdate> updates, int index)
    {
        var text = new StringBuilder();
        foreach (CompletionUpdate update in updates)
            text.Append(update.Text);
        return new JsonObject
        {
            ["index"] = index,
            ["text"] = text.ToString(),
            ["logprobs"] = createLog is null ? null : ToJson(updates, createLog()),
            ["finish_reason"] = FinishReasons.NameOf(updates[^1].FinishReason),
        };
    }

    private static JsonNode? ToJson(List<CompletionUpdate> updates, TextLog log)
    {
        var utf8 = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(utf8))
            log.Write(json, updates);
        return JsonNode.Parse(utf8.WrittenSpan);
    }
}
