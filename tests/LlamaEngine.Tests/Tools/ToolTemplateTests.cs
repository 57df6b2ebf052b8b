using System.Text.Json;
using System.Text.Json.Nodes;
using LlamaEngine.Templates;
using LlamaEngine.Tests.Templates;
using LlamaEngine.Tools;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Tests.Tools;

/// <summary>What models are told of tools, calls and results.</summary>
public sealed class ToolTemplateTests
{
    private static readonly string[] s_known = ["messages", "tools", "add_generation_prompt"];

    /// <summary>Messages and tools of the SDK render as the reference renders the JSON they stand for.</summary>
    [Theory]
    [InlineData("hermes-3", typeof(HermesToolFormat))]
    [InlineData("llama-3.1", typeof(LlamaToolFormat))]
    [InlineData("llama-3.2", typeof(LlamaToolFormat))]
    [InlineData("llama-3.3", typeof(LlamaToolFormat))]
    [InlineData("mistral-nemo", typeof(MistralToolFormat))]
    public void Tools_render_like_the_reference(string model, Type format)
    {
        (ChatTemplate template, JsonArray cases) = Golden(model);
        Assert.IsType(format, ToolFormat.Of(template));
        JsonObject[] withTools = [.. cases.Select(one => one!.AsObject()).Where(IsPlain)];
        Assert.True(withTools.Length >= 4, $"{withTools.Length} cases");
        foreach (JsonObject one in withTools)
        {
            JsonObject input = one["input"]!.AsObject();
            ChatMessage[] messages = [.. input["messages"]!.AsArray().Select(message => ToMessage(message!))];
            ToolDefinition[] tools = [.. input["tools"]!.AsArray().Select(tool => ToTool(tool!["function"]!))];
            TemplateCase.Check(template, TemplateVariables.Create(messages, tools, input["add_generation_prompt"]!.GetValue<bool>(), template), one);
        }

        static bool IsPlain(JsonObject one) =>
            one["input"]!.AsObject() is { } input && input["tools"] is not null && input.All(variable => s_known.Contains(variable.Key));
    }

    [Theory]
    [InlineData("chatml")]
    [InlineData("llama-2")]
    [InlineData("llama-3")]
    [InlineData("mistral-7b")]
    [InlineData("smollm2")]
    [InlineData("zephyr-tinyllama")]
    public void Templates_without_tools_have_no_format(string model) => Assert.Null(ToolFormat.Of(Golden(model).Template));

    [Theory]
    [InlineData("{{ messages }}")]
    [InlineData("{{ tools }} in some form of its own")]
    [InlineData("{{ tools }} [TOOL_CALLS]name[ARGS]{}")]
    [InlineData("{{ tools }} <tool_call><function=name></function></tool_call>")]
    [InlineData("<tool_call>")]
    public void Other_forms_are_not_taken_for_known_ones(string template) => Assert.Null(ToolFormat.Of(ChatTemplate.Parse(template)));

    [Fact]
    public void A_tool_always_has_what_templates_read()
    {
        AssertJson("""{"type":"function","function":{"name":"f","description":"","parameters":{"type":"object","properties":{}}}}""", new ToolDefinition("f").ToJson());
        JsonElement schema = JsonDocument.Parse("""{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}""").RootElement;
        AssertJson(
            """{"type":"function","function":{"name":"f","description":"Does.","parameters":{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}}}""",
            ToolDefinition.From(AIFunctionFactory.CreateDeclaration("f", "Does.", schema)).ToJson());
        Assert.Throws<ArgumentException>(() => new ToolDefinition(""));
        Assert.Throws<ArgumentException>(() => new ToolDefinition("f", null, JsonDocument.Parse("[]").RootElement));
    }

    [Fact]
    public void Several_calls_are_told_one_by_one_where_the_template_wants_that()
    {
        ChatMessage[] messages =
        [
            new(ChatRole.User, "Both."),
            new(ChatRole.Assistant, [new FunctionCallContent("1", "f"), new FunctionCallContent("2", "g")]),
            new(ChatRole.Tool, [new FunctionResultContent("2", "two")]),
            new(ChatRole.Tool, [new FunctionResultContent("1", "one"), new FunctionResultContent("9", "stray")]),
            new(ChatRole.User, "So?"),
        ];
        Assert.Equal(["user", "f", "1", "g", "2", "9", "user"], Names(ToolModel.Llama));
        Assert.Equal(["user", "f g", "2", "1", "9", "user"], Names(ToolModel.Hermes));

        string[] Names(string template)
        {
            JsonObject variables = TemplateVariables.Create(messages, [], true, ChatTemplate.Parse(template));
            return [.. variables["messages"]!.AsArray().Select(message => NameOf(message!))];
        }

        static string NameOf(JsonNode message) => message["tool_calls"] is JsonArray calls
            ? string.Join(' ', calls.Select(call => (string)call!["function"]!["name"]!))
            : (string?)message["tool_call_id"] ?? (string)message["role"]!;
    }

    private static (ChatTemplate Template, JsonArray Cases) Golden(string model)
    {
        JsonNode golden = JsonNode.Parse(File.ReadAllText(SharedData.Shared("golden", "templates", $"{model}.json")))!;
        ChatTemplate template = ChatTemplate.Parse(
            golden["template"]!.GetValue<string>(), golden["bos_token"]!.GetValue<string>(), golden["eos_token"]!.GetValue<string>());
        return (template, golden["cases"]!.AsArray());
    }

    private static ChatMessage ToMessage(JsonNode message)
    {
        var role = new ChatRole((string)message["role"]!);
        if (role == ChatRole.Tool)
            return new ChatMessage(role, [new FunctionResultContent((string)message["tool_call_id"]!, (string)message["content"]!)]);
        if (message["tool_calls"] is not JsonArray calls)
            return new ChatMessage(role, (string)message["content"]!);
        return new ChatMessage(role, [.. calls.Select(call => new FunctionCallContent(
            (string)call!["id"]!,
            (string)call["function"]!["name"]!,
            call["function"]!["arguments"]!.AsObject().ToDictionary(argument => argument.Key, argument => (object?)argument.Value)))]);
    }

    private static ToolDefinition ToTool(JsonNode function) => new(
        (string)function["name"]!, (string)function["description"]!, JsonDocument.Parse(function["parameters"]!.ToJsonString()).RootElement);

    private static void AssertJson(string expected, JsonNode actual) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), actual), $"expected {expected}, got {actual.ToJsonString()}");
}
