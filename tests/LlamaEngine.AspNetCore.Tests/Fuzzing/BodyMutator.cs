using System.Text;
using System.Text.Json.Nodes;

namespace LlamaEngine.AspNetCore.Tests.Fuzzing;

/// <summary>Damages request bodies: as JSON (another value, a field less, one more, one deeper) or as bytes.</summary>
internal static class BodyMutator
{
    private static readonly string[] s_values =
    [
        "null", "true", "false", "0", "-1", "1", "2", "0.5", "-0.0", "1e308", "1e999", "-1e999", "2147483647", "2147483648", "-2147483649", "9223372036854775808",
        "\"\"", "\"a\"", "\"\\u0000\"", "\"\\ud83d\\ude42\"", "\"-1\"", "\"5m\"", "\"none\"", "[]", "{}", "[null]", "[[]]", "[0]", "[\"a\", \"\"]", "[1.5]",
        "{\"0\": 1}", "{\"type\": \"text\"}", "{\"type\": \"text\", \"text\": \"a\"}", "[{\"type\": \"text\", \"text\": \"a\"}]",
        "{\"role\": \"user\", \"content\": \"a\"}", "[{\"role\": \"assistant\", \"content\": \"a\"}]", "{\"include_usage\": true}", "[99999999]", "[-1]",
    ];

    private static readonly string[] s_names =
    [
        "model", "messages", "prompt", "input", "tokens", "max_tokens", "max_completion_tokens", "temperature", "top_p", "n", "seed", "stop", "stream",
        "stream_options", "frequency_penalty", "presence_penalty", "logit_bias", "logprobs", "top_logprobs", "echo", "best_of", "suffix", "response_format",
        "tools", "tool_choice", "parallel_tool_calls", "user", "metadata", "store", "top_k", "min_p", "typical_p", "repetition_penalty", "min_tokens",
        "ignore_eos", "stop_token_ids", "priority", "session_id", "keep_alive", "timeout", "encoding_format", "dimensions", "parse_special",
        "add_special_tokens", "return_token_strs", "add_generation_prompt", "role", "content", "type", "text", "tool_calls", "tool_call_id", "unknown",
    ];

    private static readonly string[] s_fragments = ["{", "}", "[", "]", "\"", ",", ":", "\\", "\\ud800", "\\u0000", "e", ".", "-", "\n", "//", "NaN", "\uFEFF"];

    /// <summary>A damaged copy; most are still JSON.</summary>
    public static byte[] Mutate(string body, Random random)
    {
        JsonNode root = JsonNode.Parse(body)!;
        for (int i = random.Next(1, 4); i > 0; i--)
            MutateJson(root, random);
        byte[] bytes = Encoding.UTF8.GetBytes(root.ToJsonString());
        for (int i = random.Next(3) == 0 ? random.Next(1, 4) : 0; i > 0; i--)
            bytes = MutateBytes(bytes, random);
        return bytes;
    }

    private static void MutateJson(JsonNode root, Random random)
    {
        List<JsonNode> places = [];
        Collect(root, places);
        JsonNode place = places[random.Next(places.Count)];
        JsonNode? value = JsonNode.Parse(s_values[random.Next(s_values.Length)]);
        if (random.Next(12) == 0)
            value = Nest(value, random);
        if (place is JsonArray list)
            MutateList(list, value, random);
        else
            MutateObject(place.AsObject(), value, random);
    }

    private static void MutateList(JsonArray list, JsonNode? value, Random random)
    {
        if (list.Count == 0 || random.Next(3) == 0)
            list.Insert(random.Next(list.Count + 1), value);
        else if (random.Next(3) == 0)
            list.RemoveAt(random.Next(list.Count));
        else
            list[random.Next(list.Count)] = value;
    }

    private static void MutateObject(JsonObject group, JsonNode? value, Random random)
    {
        if (group.Count == 0 || random.Next(3) == 0)
            group[s_names[random.Next(s_names.Length)]] = value;
        else if (random.Next(4) == 0)
            group.RemoveAt(random.Next(group.Count));
        else
            group[group.ElementAt(random.Next(group.Count)).Key] = value;
    }

    private static JsonNode? Nest(JsonNode? value, Random random)
    {
        for (int depth = random.Next(1, 40); depth > 0; depth--)
            value = random.Next(2) == 0 ? new JsonArray(value) : new JsonObject { ["a"] = value };
        return value;
    }

    private static void Collect(JsonNode? node, List<JsonNode> places)
    {
        if (node is JsonValue or null)
            return;
        places.Add(node);
        foreach (JsonNode? child in node is JsonArray list ? list : node.AsObject().Select(pair => pair.Value))
            Collect(child, places);
    }

    private static byte[] MutateBytes(byte[] bytes, Random random)
    {
        int at = random.Next(bytes.Length + 1);
        int until = Math.Min(bytes.Length, at + random.Next(1, 16));
        return random.Next(5) switch
        {
            0 => bytes[..at],
            1 => [.. bytes[..at], .. bytes[until..]],
            2 => [.. bytes[..at], (byte)random.Next(256), .. bytes[Math.Min(bytes.Length, at + 1)..]],
            3 => [.. bytes[..at], .. Encoding.UTF8.GetBytes(s_fragments[random.Next(s_fragments.Length)]), .. bytes[at..]],
            _ => [.. bytes[..until], .. bytes[at..]],
        };
    }
}
