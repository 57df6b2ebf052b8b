using System.Text.Json;
using System.Text.Json.Nodes;
using LlamaEngine.Templates;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Tests.Templates;

public sealed class MessageJsonTests
{
    [Fact]
    public void Texts_keep_their_roles_and_parts_are_joined() => AssertJson(
        """[{"role":"system","content":"Be brief."},{"role":"user","content":"one two"},{"role":"assistant","content":""}]""",
        new ChatMessage(ChatRole.System, "Be brief."),
        new ChatMessage(ChatRole.User, [new TextContent("one "), new TextContent("two")]),
        new ChatMessage(ChatRole.Assistant, []));

    [Fact]
    public void Tool_calls_and_results_are_laid_out_as_templates_expect() => AssertJson(
        """
        [
          {"role":"assistant","content":null,"tool_calls":[
            {"id":"c1","type":"function","function":{"name":"weather","arguments":{"city":"Zürich","days":2,"units":["C",null]}}},
            {"id":"c2","type":"function","function":{"name":"time","arguments":{}}}]},
          {"role":"tool","content":"sunny","tool_call_id":"c1","name":"weather"},
          {"role":"tool","content":"{\"hour\":9}","tool_call_id":"c2","name":"time"},
          {"role":"tool","content":"null","tool_call_id":"c3"}
        ]
        """,
        new ChatMessage(ChatRole.Assistant,
        [
            new FunctionCallContent("c1", "weather", new Dictionary<string, object?>
            {
                ["city"] = "Zürich", ["days"] = 2, ["units"] = new JsonArray("C", null),
            }),
            new FunctionCallContent("c2", "time"),
        ]),
        new ChatMessage(ChatRole.Tool,
        [
            new FunctionResultContent("c1", "sunny"),
            new FunctionResultContent("c2", JsonSerializer.SerializeToElement(new Dictionary<string, int> { ["hour"] = 9 })),
        ]),
        new ChatMessage(ChatRole.Tool, [new FunctionResultContent("c3", null)]));

    [Fact]
    public void Text_beside_a_call_is_kept_and_reasoning_is_not() => AssertJson(
        """[{"role":"assistant","content":"Let me see.","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":{}}}]}]""",
        new ChatMessage(ChatRole.Assistant, [new TextReasoningContent("hm"), new TextContent("Let me see."), new FunctionCallContent("c", "f")]));

    [Fact]
    public void Text_in_a_result_is_not_escaped_beyond_need() => AssertJson(
        """[{"role":"tool","content":"{\"place\":\"Zürich <ZH>\"}","tool_call_id":"c"}]""",
        new ChatMessage(ChatRole.Tool, [new FunctionResultContent("c", new JsonObject { ["place"] = "Zürich <ZH>" })]));

    [Fact]
    public void An_image_is_refused_by_name()
    {
        ChatMessage message = new(ChatRole.User, [new TextContent("look"), new DataContent(new byte[] { 1 }, "image/png")]);
        NotSupportedException error = Assert.Throws<NotSupportedException>(() => MessageJson.ToJson([message]));
        Assert.Contains("image/png", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_result_renders()
    {
        ChatTemplate template = ChatTemplate.Parse("{% for m in messages %}[{{ m.role }}:{{ m.content }}]{% endfor %}");
        JsonObject variables = new() { ["messages"] = MessageJson.ToJson([new ChatMessage(ChatRole.User, "hi")]) };
        Assert.Equal("[user:hi]", template.Render(variables));
    }

    private static void AssertJson(string expected, params ChatMessage[] messages)
    {
        JsonArray actual = MessageJson.ToJson(messages);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), actual), $"expected {expected}, got {actual.ToJsonString()}");
    }
}
