using System.Text.Json;
using System.Text.Json.Nodes;
using LlamaEngine.Clients;
using LlamaEngine.Templates;
using LlamaEngine.Tools;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Tests.Tools;

/// <summary>A call that a model has to make: its schema, and where it is found in the reply.</summary>
public sealed class ForcedCallTests
{
    private static readonly ToolDefinition s_f = Define("f", """{"$schema":"https://json-schema.org/draft/2020-12/schema","properties":{"a":{"$ref":"#/$defs/b"},"c":{"enum":[{"$ref":"#/d"}]}},"$defs":{"b":{"items":{"$ref":"#"}}}}""");

    private static readonly ToolDefinition s_g = new("g");

    [Fact]
    public void The_schema_of_one_function_is_that_of_its_call_with_references_moved() => AssertJson(
        """
        {"type":"object","properties":{"name":{"const":"f"},"parameters":{
            "properties":{"a":{"$ref":"#/properties/parameters/$defs/b"},"c":{"enum":[{"$ref":"#/d"}]}},
            "$defs":{"b":{"items":{"$ref":"#/properties/parameters"}}},"type":"object"}},
         "required":["name","parameters"],"additionalProperties":false}
        """,
        Format(ToolModel.Llama).ForcedSchema([s_f]));

    [Fact]
    public void References_move_also_in_properties_that_are_named_like_keywords() => AssertJson(
        """{"properties":{"default":{"$ref":"#/properties/parameters/$defs/enum"}},"default":{"$ref":"#/d"},"$defs":{"enum":{"items":{"$ref":"#/properties/parameters"}}},"type":"object"}""",
        Format(ToolModel.Llama).ForcedSchema([Define("f", """{"properties":{"default":{"$ref":"#/$defs/enum"}},"default":{"$ref":"#/d"},"$defs":{"enum":{"items":{"$ref":"#"}}}}""")])["properties"]!["parameters"]!);

    [Theory]
    [InlineData("""{"type":["null","object"]}""", """{"type":"object"}""")]
    [InlineData("""{"type":"object"}""", """{"type":"object"}""")]
    [InlineData("""{"type":["string","null"]}""", null)]
    [InlineData("""{"type":"array"}""", null)]
    [InlineData("""{"type":1}""", null)]
    public void Arguments_are_an_object_and_nothing_else(string parameters, string? expected)
    {
        JsonNode Schema() => Format(ToolModel.Llama).ForcedSchema([Define("f", parameters)])["properties"]!["parameters"]!;
        if (expected is null)
            Assert.Contains("'f'", Assert.Throws<UnsupportedSchemaException>(Schema).Message, StringComparison.Ordinal);
        else
            AssertJson(expected, Schema());
    }

    [Fact]
    public void Several_functions_are_alternatives()
    {
        JsonObject schema = Format(ToolModel.Hermes).ForcedSchema([s_g, s_f]);
        AssertJson(
            """{"type":"object","properties":{"name":{"const":"g"},"arguments":{"type":"object","additionalProperties":false}},"required":["name","arguments"],"additionalProperties":false}""",
            schema["anyOf"]![0]!);
        Assert.Equal("#/anyOf/1/properties/arguments/$defs/b", (string)schema["anyOf"]![1]!["properties"]!["arguments"]!["properties"]!["a"]!["$ref"]!);
    }

    [Fact]
    public void Mistrals_calls_are_a_list()
    {
        JsonObject schema = Format(ToolModel.Mistral).ForcedSchema([s_f]);
        Assert.Equal(("array", 1, 1), ((string)schema["type"]!, (int)schema["minItems"]!, (int)schema["maxItems"]!));
        Assert.Equal("#/items/properties/arguments/$defs/b", (string)schema["items"]!["properties"]!["arguments"]!["properties"]!["a"]!["$ref"]!);
    }

    [Theory]
    [InlineData(ToolModel.Llama, "{\"parameters\": {}, \"name\": \"g\"}")]
    [InlineData(ToolModel.Hermes, "{\"arguments\": {}, \"name\": \"g\"}")]
    [InlineData(ToolModel.Mistral, "[{\"arguments\": {}, \"name\": \"g\"}]")]
    public void The_reply_goes_on_behind_the_opening_in_the_prompt(string template, string reply)
    {
        var parser = new ToolCallParser(Format(template), [s_g], isForced: true);
        // Flushing begins anew, with the opening.
        for (int i = 0; i < 2; i++)
            Assert.Equal("g({})", ToolReply.Parse(parser, reply.Select(c => c.ToString())));
    }

    /// <summary>The model speaks nonsense, drawn at temperature 1; that it is a call is all of the masks' doing.</summary>
    [Theory]
    [InlineData(ToolModel.Llama, "<|end_header_id|>")]
    [InlineData(ToolModel.Hermes, "<tool_call>\n")]
    [InlineData(ToolModel.Mistral, "[TOOL_CALLS]")]
    public async Task A_model_that_must_call_calls(string template, string opening)
    {
        const string Schema = """{"properties":{"city":{"$ref":"#/$defs/city"},"days":{"type":"integer","minimum":1,"maximum":9}},"required":["city","days"],"additionalProperties":false,"$defs":{"city":{"enum":["Bern","Chur"]}}}""";
        await using InferenceEngine engine = ToolModel.CreateEngine(template);
        using LlamaChatClient client = engine.AsChatClient();
        AIFunctionDeclaration[] tools =
        [
            AIFunctionFactory.CreateDeclaration("weather", "Tells the weather.", JsonDocument.Parse(Schema).RootElement),
            AIFunctionFactory.CreateDeclaration("time", null, JsonDocument.Parse("""{"additionalProperties":false}""").RootElement),
        ];
        HashSet<string> called = [];
        for (int seed = 0; seed < 12; seed++)
        {
            bool any = seed % 2 == 0;
            var options = new ChatOptions { Tools = [.. tools], ToolMode = any ? ChatToolMode.RequireAny : ChatToolMode.RequireSpecific("weather"), Temperature = 1, Seed = seed };
            ChatResponse response = await client.GetResponseAsync("Weather?", options, TestContext.Current.CancellationToken);
            Assert.Equal(ChatFinishReason.ToolCalls, response.FinishReason);
            var call = Assert.IsType<FunctionCallContent>(Assert.Single(response.Messages[0].Contents));
            called.Add(call.Name);
            Assert.True(any || call.Name == "weather");
            Assert.Equal(call.Name == "weather" ? ["city", "days"] : [], call.Arguments!.Keys.Order());
            if (call.Name != "weather")
                continue;
            Assert.Contains(((JsonElement)call.Arguments["city"]!).GetString(), (string[])["Bern", "Chur"]);
            Assert.InRange(((JsonElement)call.Arguments["days"]!).GetDouble(), 1, 9);
        }
        Assert.Equal(2, called.Count);
        Prompt prompt = Prompt.FromMessages([new ChatMessage(ChatRole.User, "a")], tools.Select(ToolDefinition.From), ToolChoice.Required);
        Assert.EndsWith(opening, engine.Tokenizer.Decode(engine.Tokenize(prompt)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_choice_must_be_among_the_tools()
    {
        ChatMessage[] messages = [new(ChatRole.User, "a")];
        Assert.Throws<ArgumentException>(() => Prompt.FromMessages(messages, [s_f], ToolChoice.Function("g")));
        Assert.Throws<ArgumentException>(() => Prompt.FromMessages(messages, [], ToolChoice.Required));
        Assert.Throws<ArgumentException>(() => Prompt.FromMessages(messages, [s_g, s_g]));
        Assert.Throws<ArgumentException>(() => ToolChoice.Function(""));
        Assert.Equal(ToolChoice.Function("f"), Prompt.FromMessages(messages, [s_f, s_g], ToolChoice.Function("f")).ToolChoice);
    }

    private static ToolFormat Format(string template) => ToolFormat.Of(ChatTemplate.Parse(template))!;

    private static ToolDefinition Define(string name, string schema) => new(name, null, JsonDocument.Parse(schema).RootElement);

    private static void AssertJson(string expected, JsonNode actual) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), actual), $"expected {expected}, got {actual.ToJsonString()}");
}
