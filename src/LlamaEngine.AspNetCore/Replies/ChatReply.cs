using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LlamaEngine.AspNetCore.Replies;

/// <summary>Gathers the completions of a chat into one reply.</summary>
/// <param name="logs">Writes log probabilities; null: they are not wanted.</param>
internal sealed class ChatReply(ReplyHead head, int choices, TokenLog? logs)
{
    private readonly Usage _usage = new(choices);
    private readonly Choice[] _choices = [.. Enumerable.Range(0, choices).Select(_ => new Choice())];

    /// <summary>Takes what was generated next.</summary>
    public void Add(CompletionUpdate update)
    {
        Choice choice = _choices[update.ChoiceIndex];
        choice.Text.Append(update.Text);
        if (logs?.Reports(update) == true)
            choice.Tokens.Add(update);
        if (update.Usage is not { } usage)
            return;
        choice.Finish = update.FinishReason;
        _usage.Add(update.ChoiceIndex, usage);
    }

    /// <summary>The reply.</summary>
    public JsonObject ToJson()
    {
        JsonObject reply = head.ToJson();
        reply["choices"] = new JsonArray([.. _choices.Select(ToJson)]);
        reply["usage"] = _usage.ToJson();
        return reply;
    }

    private JsonNode ToJson(Choice choice, int index) => new JsonObject
    {
        ["index"] = index,
        ["message"] = new JsonObject { ["role"] = "assistant", ["content"] = choice.Text.ToString(), ["refusal"] = null },
        ["logprobs"] = logs is null ? null : ToJson(choice.Tokens, logs),
        ["finish_reason"] = FinishReasons.NameOf(choice.Finish),
    };

    private static JsonNode? ToJson(List<CompletionUpdate> tokens, TokenLog logs)
    {
        var utf8 = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(utf8))
            WriteLogs(json, tokens, logs);
        return JsonNode.Parse(utf8.WrittenSpan);
    }

    /// <summary>Writes the object of log probabilities.</summary>
    public static void WriteLogs(Utf8JsonWriter json, IEnumerable<CompletionUpdate> tokens, TokenLog logs)
    {
        json.WriteStartObject();
        json.WriteStartArray("content"u8);
        foreach (CompletionUpdate token in tokens)
            logs.Write(json, token);
        json.WriteEndArray();
        json.WriteNull("refusal"u8);
        json.WriteEndObject();
    }

    private sealed class Choice
    {
        public StringBuilder Text { get; } = new();

        public List<CompletionUpdate> Tokens { get; } = [];

        public FinishReason Finish { get; set; }
    }
}
