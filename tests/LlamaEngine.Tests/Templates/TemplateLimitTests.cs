using System.Text.Json.Nodes;
using LlamaEngine.Templates;

namespace LlamaEngine.Tests.Templates;

/// <summary>Hostile templates end with a typed exception: no crash, no endless loop, no huge allocation.</summary>
public sealed class TemplateLimitTests
{
    private const string Doubling = "{% set ns = namespace(l=(1,), m=(1,)) %}"
        + "{% for a in range(90) %}{% set ns.l = (ns.l, ns.l) %}{% set ns.m = (ns.m, ns.m) %}{% endfor %}";

    private const string LongLoop = "{% for i in range(100000) %}{% for j in range(100000) %}";

    [Theory]
    [InlineData(LongLoop + "{% endfor %}{% endfor %}")]
    [InlineData(LongLoop + "{{ i * j }}{% endfor %}{% endfor %}")]
    [InlineData("{% for i in range(100000) %}{% for j in range(100000) if false %}{% endfor %}{% endfor %}")]
    [InlineData("{% for i in range(100000) %}{% set x = range(100000) | select('eq', -1) | list %}{% endfor %}")]
    [InlineData("{% set r = range(100000) %}{% for i in r %}{% set x = -1 in r %}{% endfor %}")]
    [InlineData("{% set r = range(100000) | list %}{% for i in r %}{% set x = r | sort %}{% endfor %}")]
    [InlineData("{% set r = range(100000) | list %}{% for i in r %}{% set x = r[1:] %}{% endfor %}")]
    [InlineData("{% set s = 'a' * 1000000 %}{% for i in range(100000) %}{% set x = s == s ~ '' %}{% endfor %}")]
    [InlineData("{% set s = 'a' * 100000 %}{% for i in range(100000) %}{% set x = s.split('a') %}{% endfor %}")]
    [InlineData("{% set s = 'a' * 100000 %}{% set ns = namespace(l=[]) %}{% for i in range(100000) %}{% set ns.l = ns.l + [s ~ i] %}{% endfor %}")]
    [InlineData("{% set n = 2 ** 4000 %}{% for i in range(100000) %}{% set x = n | string | int %}{% endfor %}")]
    [InlineData("{% set ns = namespace(s='ab') %}{% for i in range(100) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}")]
    [InlineData("{% set ns = namespace(s='ab') %}{% for i in range(100) %}{% set ns.s = ns.s + ns.s %}{% endfor %}")]
    [InlineData(Doubling + "{{ ns.l }}")]
    [InlineData(Doubling + "{{ ns.l == ns.m }}")]
    [InlineData(Doubling + "{{ ns.l < ns.m }}")]
    [InlineData(Doubling + "{{ {}[ns.l] }}")]
    [InlineData(Doubling + "{{ {ns.l: 1} }}")]
    [InlineData(Doubling + "{{ ns.m in [ns.l] }}")]
    [InlineData(Doubling + "{{ ns.m in ([ns.l] | map('default')) }}")]
    [InlineData(Doubling + "{{ {}.get(ns.l) }}")]
    [InlineData(Doubling + "{{ [ns.l, ns.m] | unique | list }}")]
    [InlineData(Doubling + "{{ [ns.l, ns.m] | map('default') | max }}")]
    [InlineData(Doubling + "{{ [ns.l, ns.m] | sort }}")]
    [InlineData(Doubling + "{{ ns.l | tojson }}")]
    [InlineData(Doubling + "{{ '%s' % ns.l }}")]
    [InlineData(Doubling + "{{ '{}'.format(ns.l) }}")]
    [InlineData(Doubling + "{{ [ns.l] | select('eq', ns.m) | list }}")]
    [InlineData(Doubling + "{% for x in [ns.l, ns.m] %}{{ loop.changed(x) }}{% endfor %}")]
    public void What_takes_too_many_steps_is_stopped(string template) =>
        Assert.Contains("ran too long", Failure(template).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("{{ 'a' * 1000000000 }}")]
    [InlineData("{{ 'a'.center(1000000000) }}")]
    [InlineData("{{ '%100000000d' % 1 }}")]
    [InlineData("{{ [1] | tojson(indent=1000000000) }}")]
    [InlineData("{{ 'a' | indent(1000000000, true) }}")]
    [InlineData("{{ ('a' * 8000000).replace('', 'a' * 8000000) }}")]
    [InlineData("{{ ('a' * 8000000) | replace('a', 'bb') }}")]
    [InlineData("{{ (['a' * 1000000] * 9) | join }}")]
    public void Texts_do_not_grow_beyond_their_limit(string template) =>
        Assert.Contains("characters and was stopped", Failure(template).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("{{ 10 ** 1000000000 }}")]
    [InlineData("{{ 2 ** 4000 * 2 ** 4000 }}")]
    [InlineData("{% set ns = namespace(n=3) %}{% for i in range(100) %}{% set ns.n = ns.n * ns.n %}{% endfor %}")]
    public void Integers_do_not_grow_beyond_their_limit(string template) =>
        Assert.Contains("The template made an integer", Failure(template).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}")]
    [InlineData("{% macro m(n) %}{{ m(n + 1) }}{{ m(n + 1) }}{% endmacro %}{{ m(0) }}")]
    [InlineData("{% macro m() %}{% call m() %}{{ caller() }}{% endcall %}{% endmacro %}{{ m() }}")]
    [InlineData("{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}")]
    public void Endless_recursion_is_stopped(string template) =>
        Assert.Equal("maximum recursion depth exceeded", Failure(template).Message);

    [Theory]
    [InlineData("{{ 1", " + 1", " }}")]
    [InlineData("{{ 1", " | d", " }}")]
    [InlineData("{{ a", ".b", " }}")]
    [InlineData("{{ a", "[0]", " }}")]
    [InlineData("{{ a", "()", " }}")]
    [InlineData("{{ 1", " and 1", " }}")]
    [InlineData("{{ 1", " is eq 1 if 1", " }}")]
    [InlineData("{% filter d", "|d", " %}{% endfilter %}")]
    [InlineData("{% set x | d", "|d", " %}{% endset %}")]
    public void A_chain_is_as_deep_as_it_is_long(string before, string link, string after) =>
        Assert.Equal("maximum recursion depth exceeded", Failure(before + Repeat(link, 100_000) + after).Message);

    [Fact]
    public void Values_nest_only_so_deep() => Assert.Contains(
        "nested more than 100 deep",
        Failure("{% set ns = namespace(l=1) %}{% for i in range(1000) %}{% set ns.l = [ns.l] %}{% endfor %}").Message,
        StringComparison.Ordinal);

    [Theory]
    [InlineData("{{ ", "(", ")")]
    [InlineData("{{ ", "[", "]")]
    [InlineData("{{ ", "{1:", "}")]
    [InlineData("{{ ", "not ", "")]
    [InlineData("{{ ", "- ", "")]
    [InlineData("{{ ", "1 if 1 else ", "")]
    [InlineData("{{ ", "a[", "]")]
    [InlineData("{{ ", "a(", ")")]
    [InlineData("{{ ", "1|d(", ")")]
    [InlineData("{{ ", "1 is eq(", ")")]
    [InlineData("{% set ", "(", ")")]
    [InlineData("", "{% if 1 %}", "{% endif %}")]
    [InlineData("", "{% for x in y %}", "{% endfor %}")]
    [InlineData("", "{% macro m() %}", "{% endmacro %}")]
    [InlineData("", "{% set x %}", "{% endset %}")]
    [InlineData("", "{% filter upper %}", "{% endfilter %}")]
    public void A_source_nests_only_so_deep(string before, string open, string close)
    {
        string end = before.Length == 0 ? "" : before == "{{ " ? " }}" : " = 1 %}";
        string template = before + Repeat(open, 100_000) + "x" + Repeat(close, 100_000) + end;
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => ChatTemplate.Parse(template));
        Assert.Contains("deep", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Small_stacks_do_not_overflow()
    {
        List<Exception?> failures = [];
        Thread thread = new(
            () =>
            {
                failures.Add(Record.Exception(() => ChatTemplate.Parse("{{ " + Repeat("(", 1000) + "1" + Repeat(")", 1000) + " }}")));
                failures.Add(Record.Exception(() => ChatTemplate.Parse("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}").Render([])));
            },
            maxStackSize: 192 * 1024);
        thread.Start();
        thread.Join();
        Assert.IsType<ModelFormatException>(failures[0]);
        Assert.IsType<ChatTemplateException>(failures[1]);
    }

    [Fact]
    public void Usual_nesting_is_fine()
    {
        Assert.Equal("1", ChatTemplate.Parse("{{ " + Repeat("(", 50) + "1" + Repeat(")", 50) + " }}").Render([]));
        Assert.Equal(new string('a', 201), ChatTemplate.Parse("{{ 'a'" + Repeat(" + 'a'", 200) + " }}").Render([]));
        Assert.Equal("x", ChatTemplate.Parse(Repeat("{% if true %}", 50) + "x" + Repeat("{% endif %}", 50)).Render([]));
    }

    [Fact]
    public void A_dotted_name_takes_memory_in_proportion_to_its_length()
    {
        string template = "{% if x is a" + Repeat(".a", 50_000) + " %}{% endif %}";
        Record.Exception(() => ChatTemplate.Parse(template));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Record.Exception(() => ChatTemplate.Parse(template));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1000L * template.Length);
    }

    [Fact]
    public void A_long_conversation_is_no_hostile_template()
    {
        const string Template = "{% set ns = namespace(kept=[]) %}{% for m in messages %}{% if m.role is defined and messages | length > 1 %}"
            + "{% set ns.kept = ns.kept + [m] %}{{ (messages | length - 1) - loop.index0 }}{{ '<|' ~ m.role ~ '|>' + m.content | trim + eos_token }}"
            + "{% endif %}{% endfor %}{{ ns.kept | length }}";
        JsonArray messages = [];
        for (int i = 0; i < 2000; i++)
            messages.Add((JsonNode)new JsonObject { ["role"] = i % 2 == 0 ? "user" : "assistant", ["content"] = new string('x', 1000) });
        string output = ChatTemplate.Parse(Template, eosToken: "</s>").Render(new JsonObject { ["messages"] = messages });
        Assert.EndsWith("</s>2000", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Mutated_templates_fail_only_with_typed_exceptions()
    {
        JsonNode table = JsonNode.Parse(File.ReadAllText(SharedData.Own("templates", "jinja-cases.json")))!;
        string[] templates = [.. table["cases"]!.AsArray().Select(one => one!["template"]!.GetValue<string>())];
        JsonObject variables = table["variables"]!.AsObject();
        Random random = new(20261121);
        int failures = 0;
        for (int round = 0; round < 3000; round++)
        {
            string mutated = Mutate(templates[random.Next(templates.Length)], templates, random);
            failures += Fails(mutated, variables) ? 1 : 0;
        }
        Assert.InRange(failures, 1, 2999);
    }

    private static bool Fails(string template, JsonObject variables)
    {
        try
        {
            ChatTemplate.Parse(template).Render(variables);
            return false;
        }
        catch (Exception e) when (e is ModelFormatException or ChatTemplateException)
        {
            return true;
        }
    }

    /// <summary>Swaps, drops or doubles a piece, or puts in a piece of another template.</summary>
    private static string Mutate(string text, string[] others, Random random)
    {
        int at = random.Next(text.Length + 1);
        int length = Math.Min(random.Next(8), text.Length - at);
        string other = others[random.Next(others.Length)];
        int from = random.Next(other.Length + 1);
        string piece = random.Next(4) switch
        {
            0 => "",
            1 => text[at..(at + length)] + text[at..(at + length)],
            2 => ((char)random.Next(9, 127)).ToString(),
            _ => other[from..Math.Min(from + random.Next(12), other.Length)],
        };
        return text[..at] + piece + text[(at + length)..];
    }

    private static ChatTemplateException Failure(string template)
    {
        ChatTemplate parsed = ChatTemplate.Parse(template);
        return Assert.Throws<ChatTemplateException>(() => parsed.Render([]));
    }

    private static string Repeat(string piece, int count) => string.Concat(Enumerable.Repeat(piece, count));
}
