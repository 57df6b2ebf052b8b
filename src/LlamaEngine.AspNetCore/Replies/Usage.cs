using System.Text.Json;
using System.Text.Json.Nodes;

namespace LlamaEngine.AspNetCore.Replies;

/// <summary>What all completions of a request took together. Each prompt counts once, however many completions it has.</summary>
/// <param name="choices">Completions of each prompt.</param>
internal sealed class Usage(int choices)
{
    private int _promptTokens, _completionTokens, _cachedTokens;

    /// <summary>Adds a completion that has ended.</summary>
    /// <param name="choice">Its number among all.</param>
    /// <returns>It is the one that counts for its prompt.</returns>
    public bool Add(int choice, TokenUsage usage)
    {
        _completionTokens += usage.CompletionTokens;
        if (choice % choices != 0)
            return false;
        _promptTokens += usage.PromptTokens;
        _cachedTokens += usage.CachedTokens;
        return true;
    }

    /// <summary>The sum, as an object.</summary>
    public JsonObject ToJson() => ToJson(new TokenUsage(_promptTokens, _completionTokens, _cachedTokens));

    /// <summary>What something took, as an object.</summary>
    public static JsonObject ToJson(TokenUsage usage) => new()
    {
        ["prompt_tokens"] = usage.PromptTokens,
        ["completion_tokens"] = usage.CompletionTokens,
        ["total_tokens"] = usage.TotalTokens,
        ["prompt_tokens_details"] = new JsonObject { ["cached_tokens"] = usage.CachedTokens },
    };

    /// <summary>The sum, as the field <c>usage</c>.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WritePropertyName("usage"u8);
        ToJson().WriteTo(json);
    }
}
