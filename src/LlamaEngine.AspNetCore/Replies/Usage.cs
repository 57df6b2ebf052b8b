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
    public JsonObject ToJson() => new()
    {
        ["prompt_tokens"] = _promptTokens,
        ["completion_tokens"] = _completionTokens,
        ["total_tokens"] = _promptTokens + _completionTokens,
        ["prompt_tokens_details"] = new JsonObject { ["cached_tokens"] = _cachedTokens },
    };

    /// <summary>The sum, as the field <c>usage</c>.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WritePropertyName("usage"u8);
        ToJson().WriteTo(json);
    }
}
