using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Templates;

/// <summary>Turns chat messages into the <c>messages</c> that chat templates expect, as Hugging Face lays them out.</summary>
internal static class MessageJson
{
    /// <summary>Escapes no more than JSON demands: the model is to read the text, no browser will.</summary>
    private static readonly JsonSerializerOptions s_readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The messages as JSON: <c>role</c>, <c>content</c>, and <c>tool_calls</c> where there are any.</summary>
    /// <remarks>
    /// A message with several tool results becomes as many messages, because templates know one result each. Reasoning is left
    /// out: models are not meant to see their earlier thoughts.
    /// </remarks>
    /// <exception cref="NotSupportedException">A message holds something that is not text (an image, audio, a file).</exception>
    public static JsonArray ToJson(IEnumerable<ChatMessage> messages)
    {
        ArgumentNullException.ThrowIfNull(messages);
        JsonArray array = [];
        Dictionary<string, string> functionNames = [];
        foreach (ChatMessage message in messages)
            Add(array, message, functionNames);
        return array;
    }

    /// <param name="functionNames">Name of the function by the id of its call, for the results that follow.</param>
    private static void Add(JsonArray array, ChatMessage message, Dictionary<string, string> functionNames)
    {
        string? text = null;
        JsonArray calls = [];
        int before = array.Count;
        foreach (AIContent content in message.Contents)
        {
            switch (content)
            {
                case TextReasoningContent or UsageContent:
                    break;
                case TextContent part:
                    text += part.Text;
                    break;
                case FunctionCallContent call:
                    functionNames[call.CallId] = call.Name;
                    calls.Add((JsonNode)ToJson(call));
                    break;
                case FunctionResultContent result:
                    array.Add((JsonNode)ToJson(result, functionNames.GetValueOrDefault(result.CallId)));
                    break;
                default:
                    throw new NotSupportedException($"A chat template takes text and tool calls only, not {Describe(content)}.");
            }
        }
        bool isOnlyResults = array.Count > before && text is null && calls.Count == 0;
        if (!isOnlyResults)
            array.Add((JsonNode)ToJson(message.Role, text, calls));
    }

    private static JsonObject ToJson(ChatRole role, string? text, JsonArray calls)
    {
        JsonObject message = new() { ["role"] = role.Value };
        if (calls.Count == 0)
        {
            message["content"] = text ?? "";
            return message;
        }
        message["content"] = text;
        message["tool_calls"] = calls;
        return message;
    }

    private static JsonObject ToJson(FunctionCallContent call) => new()
    {
        ["id"] = call.CallId,
        ["type"] = "function",
        ["function"] = new JsonObject
        {
            ["name"] = call.Name,
            ["arguments"] = ToJson(call.Arguments ?? new Dictionary<string, object?>()),
        },
    };

    private static JsonObject ToJson(IDictionary<string, object?> arguments)
    {
        JsonObject json = [];
        foreach ((string name, object? value) in arguments)
            json[name] = ToJson(value);
        return json;
    }

    private static JsonObject ToJson(FunctionResultContent result, string? functionName)
    {
        JsonObject message = new()
        {
            ["role"] = ChatRole.Tool.Value,
            ["content"] = TextOf(result.Result),
            ["tool_call_id"] = result.CallId,
        };
        if (functionName is not null)
            message["name"] = functionName;
        return message;
    }

    /// <summary>A text as it is, anything else as JSON.</summary>
    private static string TextOf(object? result) => result switch
    {
        string text => text,
        JsonElement { ValueKind: JsonValueKind.String } element => element.GetString()!,
        JsonValue value when value.TryGetValue(out string? text) => text,
        _ => ToJson(result)?.ToJsonString(s_readable) ?? "null",
    };

    /// <summary>A value as JSON, by the serializer's metadata that Microsoft.Extensions.AI brings along (no reflection).</summary>
    private static JsonNode? ToJson(object? value) => value switch
    {
        null => null,
        JsonNode node => node.DeepClone(),
        _ => JsonSerializer.SerializeToNode(value, AIJsonUtilities.DefaultOptions.GetTypeInfo(value.GetType())),
    };

    private static string Describe(AIContent content) => content switch
    {
        DataContent data => data.MediaType,
        UriContent uri => uri.MediaType,
        _ => content.GetType().Name,
    };
}
