using System.Text.Json.Nodes;

namespace LlamaEngine.Templates;

/// <summary>
/// Several calls of one message, laid out for templates that take one a message: each in a message of its own, with its result behind
/// it. Llama's templates refuse what its models do write.
/// </summary>
internal static class SingleCalls
{
    /// <summary>A template takes one call a message; those that do say so in the words of Llama's.</summary>
    public static bool AreAsked(ChatTemplate template) => template.Source.Contains("single tool-calls", StringComparison.Ordinal);

    /// <summary>The messages with one call each at most. Takes them out of the array.</summary>
    public static JsonArray Of(JsonArray messages)
    {
        var queue = new Queue<JsonObject>(messages.Select(message => message!.AsObject()));
        messages.Clear();
        JsonArray single = [];
        while (queue.TryDequeue(out JsonObject? message))
        {
            if (message["tool_calls"] is not JsonArray { Count: > 1 } calls)
            {
                single.Add((JsonNode)message);
                continue;
            }
            List<JsonObject> results = [];
            while (queue.TryPeek(out JsonObject? next) && next["tool_call_id"] is not null)
                results.Add(queue.Dequeue());
            Spread(message, calls, results, single);
        }
        return single;
    }

    private static void Spread(JsonObject message, JsonArray calls, List<JsonObject> results, JsonArray single)
    {
        foreach (JsonNode? call in calls)
        {
            JsonObject one = message.DeepClone().AsObject();
            one["tool_calls"] = new JsonArray(call!.DeepClone());
            single.Add((JsonNode)one);
            foreach (JsonObject result in results.Where(result => IsOf(result, call)))
                single.Add((JsonNode)result);
        }
        foreach (JsonObject stray in results.Where(result => result.Parent is null))
            single.Add((JsonNode)stray);
    }

    private static bool IsOf(JsonObject result, JsonNode call) =>
        result.Parent is null && result["tool_call_id"]!.GetValue<string>() == call["id"]!.GetValue<string>();
}
