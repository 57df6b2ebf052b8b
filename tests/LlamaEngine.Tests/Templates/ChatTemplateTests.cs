using System.Text.Json.Nodes;
using LlamaEngine.Templates;

namespace LlamaEngine.Tests.Templates;

/// <summary>What the class promises beyond the language itself.</summary>
public sealed class ChatTemplateTests
{
    [Fact]
    public void Tokens_are_variables_that_the_caller_may_replace()
    {
        ChatTemplate template = ChatTemplate.Parse("{{ bos_token }}|{{ eos_token }}", "<s>", "</s>");
        Assert.Equal("<s>|</s>", template.Render([]));
        Assert.Equal("<s>|<end>", template.Render(new JsonObject { ["eos_token"] = "<end>" }));
    }

    [Fact]
    public void Rendering_twice_gives_the_same_and_changes_no_variable()
    {
        ChatTemplate template = ChatTemplate.Parse("{% set messages = messages[1:] %}{% set n = (n or 0) + 1 %}{{ messages }}{{ n }}");
        JsonObject variables = new() { ["messages"] = new JsonArray(1, 2) };
        Assert.Equal("[2]1", template.Render(variables));
        Assert.Equal("[2]1", template.Render(variables));
        Assert.Equal("""{"messages":[1,2]}""", variables.ToJsonString());
    }

    [Fact]
    public void The_clock_answers_in_its_local_time()
    {
        FixedClock clock = new(new DateTimeOffset(2024, 2, 29, 23, 5, 9, TimeSpan.Zero));
        Assert.Equal("29 Feb 2024 23:05:09", ChatTemplate.Parse("{{ strftime_now('%d %b %Y %H:%M:%S') }}").Render([], clock));
    }

    [Fact]
    public void Numbers_made_in_memory_keep_their_type()
    {
        JsonObject variables = new() { ["a"] = 1, ["b"] = 1.0, ["c"] = 1.5f, ["d"] = 5L, ["e"] = JsonNode.Parse("1.0"), ["f"] = JsonNode.Parse("1e2") };
        Assert.Equal("1 1.0 1.5 5 1.0 100.0", ChatTemplate.Parse("{{ a }} {{ b }} {{ c }} {{ d }} {{ e }} {{ f }}").Render(variables));
    }

    [Theory]
    [InlineData("""{"x":"\ud83d"}""")]
    [InlineData("""{"\ud83d":1}""")]
    public void Variables_that_are_no_Unicode_are_refused(string json) =>
        Assert.Throws<ChatTemplateException>(() => ChatTemplate.Parse("{{ x }}").Render(JsonNode.Parse(json)!.AsObject()));

    [Fact]
    public void Variables_nested_too_deep_are_refused()
    {
        JsonNode nested = 1;
        for (int i = 0; i < 5000; i++)
            nested = new JsonArray(nested);
        Assert.Throws<ChatTemplateException>(() => ChatTemplate.Parse("{{ x }}").Render(new JsonObject { ["x"] = nested }));
    }

    [Fact]
    public void A_syntax_error_tells_its_line()
    {
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => ChatTemplate.Parse("one\r\ntwo {{ 1 }}\r\n{% if %}x{% endif %}"));
        Assert.Contains("line 3", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Line_ends_of_any_kind_are_one() =>
        Assert.Equal("a\nb\nc", ChatTemplate.Parse("a\r\nb\r{% if true %}\r\nc{% endif %}\r\n").Render([]));

    [Fact]
    public void Unknown_filters_and_tests_fail_only_where_they_are_used()
    {
        Assert.Equal("ok", ChatTemplate.Parse("{% if false %}{{ 1 | nope }}{% endif %}ok").Render([]));
        Assert.Equal("No filter named 'nope'.", Assert.Throws<ChatTemplateException>(() => ChatTemplate.Parse("{{ 1 | nope }}").Render([])).Message);
        Assert.Equal("No test named 'nope'.", Assert.Throws<ChatTemplateException>(() => ChatTemplate.Parse("{{ 1 is nope }}").Render([])).Message);
    }

    [Fact]
    public void Threads_may_share_a_template()
    {
        ChatTemplate template = ChatTemplate.Parse("{% set ns = namespace(n=0) %}{% for i in range(1000) %}{% set ns.n = ns.n + k %}{% endfor %}{{ ns.n }}");
        string[] outputs = new string[32];
        Parallel.For(0, outputs.Length, k => outputs[k] = template.Render(new JsonObject { ["k"] = k }));
        Assert.Equal(Enumerable.Range(0, 32).Select(k => $"{k * 1000}"), outputs);
    }
}
