using System.Text.Json;
using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Errors;
using LlamaEngine.AspNetCore.Json;

namespace LlamaEngine.AspNetCore.Requests;

/// <summary>Whether and how a reply streams.</summary>
/// <param name="IsOn">The reply comes in pieces.</param>
/// <param name="IncludesUsage">A last piece says what it took.</param>
internal readonly record struct StreamFields(bool IsOn, bool IncludesUsage)
{
    /// <summary>Reads <c>stream</c> and <c>stream_options</c>.</summary>
    public static StreamFields Read(RequestFields fields)
    {
        bool isOn = fields.Flag("stream");
        if (fields.Take("stream_options") is not { } given)
            return new StreamFields(isOn, false);
        if (!isOn)
            throw ApiException.Invalid("'stream_options' needs 'stream': true.", "stream_options", "invalid_value");
        var options = new RequestFields(JsonRead.Object(given, "stream_options"), "stream_options");
        bool includesUsage = options.Flag("include_usage");
        options.RefuseOthers();
        return new StreamFields(isOn, includesUsage);
    }

    /// <summary>Whether a body asks for a reply in pieces; what is wrong with it is found when it is read.</summary>
    public static bool AsksFor(JsonObject body) => body.TryGetPropertyValue("stream", out JsonNode? stream) && stream?.GetValueKind() == JsonValueKind.True;

    /// <summary>Refuses a reply in pieces where only a whole one can be given.</summary>
    public void RefuseIfOn()
    {
        if (IsOn)
            throw ApiException.Invalid("'stream' must be false here: the reply is given as a whole.", "stream", "unsupported_parameter");
    }
}
