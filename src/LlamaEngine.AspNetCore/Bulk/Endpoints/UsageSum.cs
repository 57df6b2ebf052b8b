using System.Text.Json;
using System.Text.Json.Nodes;

namespace LlamaEngine.AspNetCore.Bulk.Endpoints;

/// <summary>The tokens of many replies together, for those of their fields that are numbers.</summary>
internal sealed class UsageSum
{
    private readonly Dictionary<string, long> _sums = [];

    /// <summary>Adds those of a reply, if it has any, and says how many tokens they are in all.</summary>
    public int Add(JsonObject reply)
    {
        if (reply["usage"] is not JsonObject usage)
            return 0;
        foreach ((string name, JsonNode? value) in usage)
        {
            if (value is JsonValue number && number.TryGetValue(out long tokens))
                _sums[name] = _sums.GetValueOrDefault(name) + tokens;
        }
        return usage["total_tokens"] is JsonValue total && total.TryGetValue(out int all) ? all : 0;
    }

    /// <summary>Writes the field <c>usage</c>, unless no reply had one.</summary>
    public void WriteTo(Utf8JsonWriter json)
    {
        if (_sums.Count == 0)
            return;
        json.WriteStartObject("usage"u8);
        foreach ((string name, long tokens) in _sums)
            json.WriteNumber(name, tokens);
        json.WriteEndObject();
    }
}
