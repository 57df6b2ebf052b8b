using System.Text.Json;
using System.Text.Json.Nodes;

namespace LlamaEngine.AspNetCore.Bulk.Endpoints;

/// <summary>The tokens of many replies together: every number of their <c>usage</c>, and of the objects within it.</summary>
internal sealed class UsageSum
{
    private readonly JsonObject _sum = [];

    /// <summary>Adds those of a reply, if it has any, and says how many tokens they are in all.</summary>
    public int Add(JsonObject reply)
    {
        if (reply["usage"] is not JsonObject usage)
            return 0;
        Add(_sum, usage);
        return (int?)usage["total_tokens"] ?? 0;
    }

    /// <summary>Writes the field <c>usage</c>, unless no reply had one.</summary>
    public void WriteTo(Utf8JsonWriter json)
    {
        if (_sum.Count == 0)
            return;
        json.WritePropertyName("usage"u8);
        _sum.WriteTo(json);
    }

    private static void Add(JsonObject sum, JsonObject usage)
    {
        foreach ((string name, JsonNode? value) in usage)
        {
            if (value is JsonObject part)
                Add((JsonObject)(sum[name] ??= new JsonObject()), part);
            else if (value?.GetValueKind() == JsonValueKind.Number)
                sum[name] = ((long?)sum[name] ?? 0) + (int)value;
        }
    }
}
