using System.Collections.Immutable;
using LlamaEngine.Tools;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Clients;

/// <summary>Reads what <see cref="ChatOptions"/> say about tools: honoured, or refused by name.</summary>
internal static class ChatTools
{
    /// <summary>The tools that the model is told of; none where it is to call none.</summary>
    /// <exception cref="NotSupportedException">A member asks for what is not supported; the message names it.</exception>
    /// <exception cref="ArgumentException">Two tools have the same name.</exception>
    public static ImmutableArray<ToolDefinition> Read(ChatOptions? options, InferenceEngine engine)
    {
        if (options is null)
            return [];
        ImmutableArray<ToolDefinition> tools = [.. (options.Tools ?? []).Select(Read)];
        if (options.AllowMultipleToolCalls == true && tools.IsEmpty)
            throw Refused.Member("ChatOptions.AllowMultipleToolCalls", true, "null and false where there are no tools");
        if (options.ToolMode is not (null or NoneChatToolMode or AutoChatToolMode))
        {
            throw Refused.Member(
                "ChatOptions.ToolMode", options.ToolMode.GetType().Name, "null, ChatToolMode.Auto and ChatToolMode.None; a call cannot be forced");
        }
        if (tools.IsEmpty || options.ToolMode is NoneChatToolMode)
            return [];
        if (tools.DistinctBy(tool => tool.Name).Count() < tools.Length)
            throw new ArgumentException("ChatOptions.Tools has several tools of the same name.", nameof(options));
        if (!engine.SupportsTools)
            throw Refused.Member("ChatOptions.Tools", string.Join(", ", tools.Select(tool => tool.Name)), $"none with this model; tools need {ToolFormat.Known}");
        return tools;
    }

    /// <summary>A call as a program that knows Microsoft.Extensions.AI meets it; its arguments are JSON elements.</summary>
    public static FunctionCallContent ToContent(ToolCall call)
    {
        Dictionary<string, object?> arguments = [];
        foreach (System.Text.Json.JsonProperty argument in call.Arguments.EnumerateObject())
            arguments[argument.Name] = argument.Value;
        return new FunctionCallContent(call.Id, call.Name, arguments);
    }

    private static ToolDefinition Read(AITool tool) => tool is AIFunctionDeclaration function
        ? ToolDefinition.From(function)
        : throw Refused.Member("ChatOptions.Tools", $"{tool.Name}, {tool.GetType().Name}", "AIFunction and AIFunctionDeclaration");
}
