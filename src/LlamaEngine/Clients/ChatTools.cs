using System.Collections.Immutable;
using LlamaEngine.Tools;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Clients;

/// <summary>Reads what <see cref="ChatOptions"/> say about tools: honoured, or refused by name.</summary>
/// <param name="Tools">The tools that the model is told of; none where it is to call none.</param>
/// <param name="Choice">Whether it may or must call one.</param>
internal sealed record ChatTools(ImmutableArray<ToolDefinition> Tools, ToolChoice Choice)
{
    private static readonly ChatTools s_none = new([], ToolChoice.Auto);

    /// <summary>Reads the options of a request.</summary>
    /// <exception cref="NotSupportedException">A member asks for what is not supported; the message names it.</exception>
    public static ChatTools Read(ChatOptions? options, InferenceEngine engine)
    {
        if (options is null)
            return s_none;
        ImmutableArray<ToolDefinition> tools = [.. (options.Tools ?? []).Select(Read)];
        ToolChoice choice = ReadChoice(options.ToolMode);
        if (options.AllowMultipleToolCalls == true && tools.IsEmpty)
            throw Refused.Member("ChatOptions.AllowMultipleToolCalls", true, "null and false where there are no tools");
        if (choice.IsForced && tools.IsEmpty)
            throw Refused.Member("ChatOptions.ToolMode", options.ToolMode!.GetType().Name, "null, ChatToolMode.Auto and ChatToolMode.None where there are no tools");
        if (tools.IsEmpty || options.ToolMode is NoneChatToolMode)
            return s_none;
        if (!engine.SupportsTools)
            throw Refused.Member("ChatOptions.Tools", string.Join(", ", tools.Select(tool => tool.Name)), $"none with this model; tools need {ToolFormat.Known}");
        return new ChatTools(tools, choice);
    }

    /// <summary>A call as a program that knows Microsoft.Extensions.AI meets it; its arguments are JSON elements.</summary>
    public static FunctionCallContent ToContent(ToolCall call)
    {
        Dictionary<string, object?> arguments = [];
        foreach (System.Text.Json.JsonProperty argument in call.Arguments.EnumerateObject())
            arguments[argument.Name] = argument.Value;
        return new FunctionCallContent(call.Id, call.Name, arguments);
    }

    private static ToolChoice ReadChoice(ChatToolMode? mode) => mode switch
    {
        null or AutoChatToolMode or NoneChatToolMode => ToolChoice.Auto,
        RequiredChatToolMode { RequiredFunctionName: { } name } => ToolChoice.Function(name),
        RequiredChatToolMode => ToolChoice.Required,
        _ => throw Refused.Member("ChatOptions.ToolMode", mode.GetType().Name, "null, ChatToolMode.Auto, None, RequireAny and RequireSpecific"),
    };

    private static ToolDefinition Read(AITool tool) => tool is AIFunctionDeclaration function
        ? ToolDefinition.From(function)
        : throw Refused.Member("ChatOptions.Tools", $"{tool.Name}, {tool.GetType().Name}", "AIFunction and AIFunctionDeclaration");
}
