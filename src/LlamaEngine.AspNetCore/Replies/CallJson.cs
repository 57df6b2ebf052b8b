using System.Text.Json;
using System.Text.Json.Nodes;
using LlamaEngine.Tools;

namespace LlamaEngine.AspNetCore.Replies;

/// <summary>Calls of functions in OpenAI's shape; the arguments are JSON, written as a text.</summary>
internal static class CallJson
{
    /// <summary>A call of a whole reply.</summary>
    public static JsonNode ToJson(ToolCall call) => new JsonObject
    {
        ["id"] = call.Id,
        ["type"] = "function",
        ["function"] = new JsonObject { ["name"] = call.Name, ["arguments"] = call.Arguments.GetRawText() },
    };

    /// <summary>Writes a call of a reply in pieces.</summary>
    /// <param name="index">Its number among the calls of its choice.</param>
    public static void Write(Utf8JsonWriter json, ToolCall call, int index)
    {
        json.WriteStartObject();
        json.WriteNumber("index"u8, index);
        json.WriteString("id"u8, call.Id);
        json.WriteString("type"u8, "function"u8);
        json.WriteStartObject("function"u8);
        json.WriteString("name"u8, call.Name);
        json.WriteString("arguments"u8, call.Arguments.GetRawText());
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
