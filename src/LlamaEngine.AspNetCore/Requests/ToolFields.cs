using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LlamaEngine.AspNetCore.Errors;
using LlamaEngine.AspNetCore.Json;
using LlamaEngine.Tools;

namespace LlamaEngine.AspNetCore.Requests;

/// <summary>Reads <c>tools</c>, <c>tool_choice</c> and <c>parallel_tool_calls</c>.</summary>
/// <param name="Tools">What the model is told of; none where it is to call none.</param>
/// <param name="Choice">Whether it may or must call one.</param>
/// <param name="SingleCall">All calls of a reply but the first are left out.</param>
internal sealed partial record ToolFields(ImmutableArray<ToolDefinition> Tools, ToolChoice Choice, bool SingleCall)
{
    private const string ToolsName = "tools", ChoiceName = "tool_choice";

    /// <summary>Reads them.</summary>
    public static ToolFields Read(RequestFields fields)
    {
        ImmutableArray<ToolDefinition> tools = ReadTools(fields, out string? strict);
        ToolChoice? choice = ReadChoice(fields.Take(ChoiceName), tools);
        bool single = !fields.Flag("parallel_tool_calls", otherwise: true);
        if (strict is not null && choice is { IsForced: false })
            throw RequestFields.NotSupported(strict, $"false, or true together with a '{ChoiceName}' that demands a call, whose arguments then follow the schema");
        return choice is null ? new ToolFields([], ToolChoice.Auto, single) : new ToolFields(tools, choice, single);
    }

    /// <summary>Reads the tools alone.</summary>
    /// <param name="strict">The path of the first <c>strict</c> that is true; null: there is none.</param>
    public static ImmutableArray<ToolDefinition> ReadTools(RequestFields fields, out string? strict)
    {
        strict = null;
        if (fields.Take(ToolsName) is not { } given)
            return [];
        JsonArray list = JsonRead.List(given, ToolsName, "a list of tools");
        var tools = ImmutableArray.CreateBuilder<ToolDefinition>(list.Count);
        for (int i = 0; i < list.Count; i++)
        {
            ToolDefinition tool = ReadTool(list[i], $"{ToolsName}[{i}]", out bool isStrict);
            if (tools.Any(other => other.Name == tool.Name))
                throw ApiException.Invalid($"'{ToolsName}[{i}].function.name': there is another tool of that name.", $"{ToolsName}[{i}].function.name", "invalid_value");
            strict ??= isStrict ? $"{ToolsName}[{i}].function.strict" : null;
            tools.Add(tool);
        }
        return tools.DrainToImmutable();
    }

    private static ToolDefinition ReadTool(JsonNode? node, string path, out bool isStrict)
    {
        var tool = new RequestFields(JsonRead.Object(node, path), path);
        if (JsonRead.Text(tool.Require("type"), tool.PathOf("type")) != "function")
            throw RequestFields.NotSupported(tool.PathOf("type"), "function");
        string functionPath = tool.PathOf("function");
        var function = new RequestFields(JsonRead.Object(tool.Require("function"), functionPath), functionPath);
        string name = JsonRead.Text(function.Require("name"), function.PathOf("name"));
        if (!FunctionName().IsMatch(name))
            throw ApiException.Invalid($"'{function.PathOf("name")}' must have 1 to 64 letters, digits, _ and -.", function.PathOf("name"), "invalid_value");
        string? description = function.Text("description");
        JsonNode? parameters = function.Take("parameters");
        isStrict = function.Flag("strict");
        function.RefuseOthers();
        tool.RefuseOthers();
        if (parameters is null)
            return new ToolDefinition(name, description);
        using JsonDocument schema = JsonDocument.Parse(JsonRead.Object(parameters, function.PathOf("parameters")).ToJsonString());
        return new ToolDefinition(name, description, schema.RootElement);
    }

    /// <summary>The choice; null: no tool is to be called.</summary>
    private static ToolChoice? ReadChoice(JsonNode? given, ImmutableArray<ToolDefinition> tools)
    {
        const string Expected = "none, auto, required, or {\"type\": \"function\", \"function\": {\"name\": …}}";
        string? word = given is null ? "auto" : JsonRead.IsText(given) ? JsonRead.Text(given, ChoiceName) : null;
        ToolChoice? choice = word switch
        {
            "none" => null,
            "auto" => tools.IsEmpty ? null : ToolChoice.Auto,
            "required" => ToolChoice.Required,
            null when given is JsonObject named => ToolChoice.Function(ReadName(named)),
            _ => throw JsonRead.Wrong(given, ChoiceName, Expected),
        };
        if (choice is { IsForced: true } && !tools.Any(tool => choice.Name is null || choice.Name == tool.Name))
            throw ApiException.Invalid($"'{ChoiceName}' demands a call, but '{ToolsName}' has no {(choice.Name is null ? "tool" : "such tool")}.", ChoiceName, "invalid_value");
        return choice;
    }

    private static string ReadName(JsonObject given)
    {
        var choice = new RequestFields(given, ChoiceName);
        if (JsonRead.Text(choice.Require("type"), choice.PathOf("type")) != "function")
            throw RequestFields.NotSupported(choice.PathOf("type"), "function");
        var function = new RequestFields(JsonRead.Object(choice.Require("function"), choice.PathOf("function")), choice.PathOf("function"));
        string name = JsonRead.Text(function.Require("name"), function.PathOf("name"));
        function.RefuseOthers();
        choice.RefuseOthers();
        return name.Length > 0 ? name : throw ApiException.Invalid($"'{function.PathOf("name")}' must not be empty.", function.PathOf("name"), "invalid_value");
    }

    [GeneratedRegex("^[a-zA-Z0-9_-]{1,64}$")]
    private static partial Regex FunctionName();
}
