using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Errors;
using LlamaEngine.AspNetCore.Json;
using Microsoft.Extensions.AI;

namespace LlamaEngine.AspNetCore.Requests;

/// <summary>Reads the messages of a chat: roles, texts, and the calls and results of tools among them.</summary>
internal static class MessageReader
{
    /// <summary>The messages; at least one.</summary>
    /// <param name="depth">Most levels of JSON in a tool call's arguments.</param>
    /// <exception cref="ApiException">One is malformed, or holds something that is not text; the error names it.</exception>
    public static ImmutableArray<ChatMessage> Read(JsonNode given, string path, int depth)
    {
        JsonArray list = JsonRead.List(given, path, "a list of messages");
        if (list.Count == 0)
            throw ApiException.Invalid($"'{path}' must have at least one message.", path, "invalid_value");
        return [.. list.Select((message, i) => ReadMessage(JsonRead.Object(message, $"{path}[{i}]"), $"{path}[{i}]", depth))];
    }

    private static ChatMessage ReadMessage(JsonObject json, string path, int depth)
    {
        var fields = new RequestFields(json, path);
        ChatRole role = ReadRole(JsonRead.Text(fields.Require("role"), fields.PathOf("role")), fields.PathOf("role"));
        ChatMessage message = role == ChatRole.Tool ? ReadResult(fields) : new ChatMessage(role, ReadContents(fields, role, depth));
        fields.RefuseOthers();
        return message;
    }

    private static ChatRole ReadRole(string role, string path) => role switch
    {
        // "developer" is what newer models call the system.
        "system" or "developer" => ChatRole.System,
        "user" => ChatRole.User,
        "assistant" => ChatRole.Assistant,
        "tool" => ChatRole.Tool,
        _ => throw ApiException.Invalid($"'{path}' must be system, developer, user, assistant or tool.", path, "invalid_value"),
    };

    private static ChatMessage ReadResult(RequestFields fields)
    {
        string id = JsonRead.Text(fields.Require("tool_call_id"), fields.PathOf("tool_call_id"));
        string text = ReadText(fields.Require("content"), fields.PathOf("content"));
        return new ChatMessage(ChatRole.Tool, [new FunctionResultContent(id, text)]);
    }

    private static List<AIContent> ReadContents(RequestFields fields, ChatRole role, int depth)
    {
        List<AIContent> contents = [];
        JsonArray calls = role == ChatRole.Assistant && fields.Take("tool_calls") is { } given ? JsonRead.List(given, fields.PathOf("tool_calls")) : [];
        // Only a message that calls tools may say nothing.
        JsonNode? content = calls.Count > 0 ? fields.Take("content") : fields.Require("content");
        if (content is not null)
            contents.Add(new TextContent(ReadText(content, fields.PathOf("content"))));
        for (int i = 0; i < calls.Count; i++)
            contents.Add(ReadCall(calls[i], fields.PathOf($"tool_calls[{i}]"), depth));
        return contents;
    }

    /// <summary>A text, or the parts of one.</summary>
    private static string ReadText(JsonNode content, string path)
    {
        if (content is not JsonArray parts)
            return JsonRead.IsText(content) ? JsonRead.Text(content, path) : throw JsonRead.Wrong(content, path, "a text or a list of text parts");
        var text = new StringBuilder();
        for (int i = 0; i < parts.Count; i++)
        {
            var part = new RequestFields(JsonRead.Object(parts[i], $"{path}[{i}]"), $"{path}[{i}]");
            string type = JsonRead.Text(part.Require("type"), part.PathOf("type"));
            if (type != "text")
                throw ApiException.Invalid(
                    $"'{part.PathOf("type")}': parts of type '{LlamaEngine.Formats.Untrusted.Show(type)}' are not supported; the models take 'text' only.",
                    part.PathOf("type"), "unsupported_parameter");
            text.Append(JsonRead.Text(part.Require("text"), part.PathOf("text")));
            part.RefuseOthers();
        }
        return text.ToString();
    }

    private static FunctionCallContent ReadCall(JsonNode? node, string path, int depth)
    {
        var call = new RequestFields(JsonRead.Object(node, path), path);
        string id = JsonRead.Text(call.Require("id"), call.PathOf("id"));
        if (JsonRead.Text(call.Require("type"), call.PathOf("type")) != "function")
            throw RequestFields.NotSupported(call.PathOf("type"), "function");
        var function = new RequestFields(JsonRead.Object(call.Require("function"), call.PathOf("function")), call.PathOf("function"));
        string name = JsonRead.Text(function.Require("name"), function.PathOf("name"));
        string arguments = JsonRead.Text(function.Require("arguments"), function.PathOf("arguments"));
        call.RefuseOthers();
        function.RefuseOthers();
        return new FunctionCallContent(id, name, ReadArguments(arguments, function.PathOf("arguments"), depth));
    }

    private static Dictionary<string, object?> ReadArguments(string arguments, string path, int depth)
    {
        try
        {
            return JsonBody.Parse(Encoding.UTF8.GetBytes(arguments), depth).ToDictionary(pair => pair.Key, pair => (object?)pair.Value?.DeepClone());
        }
        catch (ApiException exception)
        {
            throw ApiException.Invalid($"'{path}' must be a JSON object, written as a text: {exception.Message}", path, "invalid_value");
        }
    }
}
