using System.Text;
using LlamaEngine.Tools;

namespace LlamaEngine.Tests.Tools;

/// <summary>What is a call and what is text, wherever the stream is cut.</summary>
public sealed class ToolCallParserTests
{
    private const string F = "{\"name\": \"f\", \"parameters\": {\"a\": 1}}", G = "{\"name\": \"g\", \"arguments\": {\"b\": \"}\\\"{<\"}}";

    [Theory]
    [InlineData("", "")]
    [InlineData("Hello, you.", "'Hello, you.'")]
    [InlineData("  Hello ", "'  Hello '")]
    [InlineData(" \n", "' \n'")]
    [InlineData(F, "f({\"a\": 1})")]
    [InlineData(" \n" + F + "\n", "f({\"a\": 1})")]
    [InlineData(F + "; " + G, "f({\"a\": 1}) g({\"b\": \"}\\\"{<\"})")]
    [InlineData(F + "," + F + G, "f({\"a\": 1}) f({\"a\": 1}) g({\"b\": \"}\\\"{<\"})")]
    [InlineData("<|python_tag|>" + F, "f({\"a\": 1})")]
    [InlineData("I look. <|python_tag|> " + F + " Done.", "'I look.' f({\"a\": 1}) 'Done.'")]
    [InlineData("{\"type\": \"function\", \"name\": \"f\", \"parameters\": {}}", "f({})")]
    [InlineData("{\"name\": \"f\", \"parameters\": \"{\\\"a\\\": [2]}\"}", "f({\"a\": [2]})")]
    // What only looks like a call.
    [InlineData("It is " + F, "'It is " + F + "'")]
    [InlineData("{", "'{'")]
    [InlineData("{a}", "'{a}'")]
    [InlineData("{\"a\": 1}", "'{\"a\": 1}'")]
    [InlineData("{\"name\": \"h\", \"parameters\": {}}", "'{\"name\": \"h\", \"parameters\": {}}'")]
    [InlineData("{\"name\": 1, \"parameters\": {}}", "'{\"name\": 1, \"parameters\": {}}'")]
    [InlineData("{\"name\": \"f\"}", "'{\"name\": \"f\"}'")]
    [InlineData("{\"name\": \"f\", \"parameters\": [1]}", "'{\"name\": \"f\", \"parameters\": [1]}'")]
    [InlineData("{\"name\": \"f\", \"parameters\": \"a\"}", "'{\"name\": \"f\", \"parameters\": \"a\"}'")]
    [InlineData("{\"name\": \"f\", \"parameters\": {\"a\": tru}}", "'{\"name\": \"f\", \"parameters\": {\"a\": tru}}'")]
    [InlineData("{\"name\": \"f\", \"parameters\": {\"a\": \"\\ud800\"}}", "'{\"name\": \"f\", \"parameters\": {\"a\": \"\\ud800\"}}'")]
    [InlineData("{\"name\": \"f\", \"parameters\": {\"a\": 1", "'{\"name\": \"f\", \"parameters\": {\"a\": 1'")]
    [InlineData(F + "; and so on", "f({\"a\": 1}) '; and so on'")]
    [InlineData("<|python_tag|>print(1)", "'<|python_tag|>print(1)'")]
    [InlineData("<|python", "'<|python'")]
    [InlineData("{\"a\": 1} " + F, "'{\"a\": 1} " + F + "'")]
    public void Llama(string reply, string expected) => Check(ToolModel.Llama, reply, expected);

    [Theory]
    [InlineData("", "")]
    [InlineData("Hello <tool", "'Hello <tool'")]
    [InlineData("<tool_call>" + F + "</tool_call>", "f({\"a\": 1})")]
    [InlineData("Well:\n<tool_call>\n" + G + "\n</tool_call>\n<tool_call> " + F + "</tool_call>\nSo.", "'Well:' g({\"b\": \"}\\\"{<\"}) f({\"a\": 1}) 'So.'")]
    [InlineData("{\"name\": \"f\", \"parameters\": {}}", "'{\"name\": \"f\", \"parameters\": {}}'")]
    [InlineData("<tool_call>" + F, "f({\"a\": 1})")]
    [InlineData("<tool_call>" + F + "\n</tool", "f({\"a\": 1})")]
    [InlineData("<tool_call>" + F + " and", "'<tool_call>" + F + " and'")]
    [InlineData("<tool_call>", "'<tool_call>'")]
    [InlineData("<tool_call>f</tool_call> ", "'<tool_call>f</tool_call> '")]
    [InlineData("<tool_call>{\"name\": \"f\", </tool_call><tool_call>" + F + "</tool_call>", "'<tool_call>{\"name\": \"f\", </tool_call>' f({\"a\": 1})")]
    [InlineData("<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": <tool_call>" + F + "</tool_call>", "'<tool_call>{\"name\": \"f\", \"arguments\": {\"a\":' f({\"a\": 1})")]
    [InlineData("<tool_call>{\"name\": \"h\", \"arguments\": {}}</tool_call>", "'<tool_call>{\"name\": \"h\", \"arguments\": {}}</tool_call>'")]
    [InlineData("<tool_call><tool_call>" + F + "</tool_call>", "'<tool_call>' f({\"a\": 1})")]
    [InlineData("<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": \"", "'<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": \"'")]
    public void Hermes(string reply, string expected) => Check(ToolModel.Hermes, reply, expected);

    [Theory]
    [InlineData("Hello [TOOL", "'Hello [TOOL'")]
    [InlineData("[TOOL_CALLS][" + F + "]", "f({\"a\": 1})")]
    [InlineData("[TOOL_CALLS] [" + F + ", " + G + "] ", "f({\"a\": 1}) g({\"b\": \"}\\\"{<\"})")]
    [InlineData("So: [TOOL_CALLS]" + F + " done", "'So:' f({\"a\": 1}) 'done'")]
    [InlineData("[TOOL_CALLS][]", "'[TOOL_CALLS][]'")]
    [InlineData("[TOOL_CALLS][" + F + ", {\"name\": \"h\", \"arguments\": {}}]", "'[TOOL_CALLS][" + F + ", {\"name\": \"h\", \"arguments\": {}}]'")]
    [InlineData("[TOOL_CALLS][" + F, "'[TOOL_CALLS][" + F + "'")]
    [InlineData("[TOOL_CALLS]f", "'[TOOL_CALLS]f'")]
    public void Mistral(string reply, string expected) => Check(ToolModel.Mistral, reply, expected);

    [Theory]
    [InlineData(ToolModel.Llama, F, "^call_[A-Za-z0-9]{24}$")]
    [InlineData(ToolModel.Hermes, "<tool_call>" + F + "</tool_call>", "^call_[A-Za-z0-9]{24}$")]
    [InlineData(ToolModel.Mistral, "[TOOL_CALLS][" + F + "]", "^[A-Za-z0-9]{9}$")]
    [InlineData(ToolModel.Mistral, "[TOOL_CALLS][{\"name\": \"f\", \"arguments\": {}, \"id\": \"abcdef123\"}]", "^abcdef123$")]
    [InlineData(ToolModel.Mistral, "[TOOL_CALLS][{\"name\": \"f\", \"arguments\": {}, \"id\": \"call_1\"}]", "^[A-Za-z0-9]{9}$")]
    public void Ids_are_new_and_of_the_models_form(string template, string reply, string form)
    {
        ToolCallParser parser = ToolReply.Parser(template, "f");
        string one = Assert.Single([.. parser.Append(reply), .. parser.Flush()]).Call!.Id, other = Assert.Single([.. parser.Append(reply), .. parser.Flush()]).Call!.Id;
        Assert.Matches(form, one);
        Assert.Equal(form == "^abcdef123$", one == other);
    }

    [Fact]
    public void Text_and_calls_come_as_soon_as_they_are_certain()
    {
        ToolCallParser parser = ToolReply.Parser(ToolModel.Hermes, "f");
        Assert.Equal("Well", Assert.Single(parser.Append("Well ")).Text);
        Assert.Equal(" <b>", Assert.Single(parser.Append("<b>")).Text);
        Assert.Empty(parser.Append(" <tool_"));
        Assert.Equal(" <tool_x", Assert.Single(parser.Append("x")).Text);
        Assert.Empty(parser.Append("<tool_call>" + F + "</tool_call"));
        Assert.Equal("f", Assert.Single(parser.Append(">")).Call!.Name);
        Assert.Equal(1, parser.CallCount);
        Assert.Empty(parser.Flush());

        ToolCallParser llama = ToolReply.Parser(ToolModel.Llama, "f");
        Assert.Empty(llama.Append(F[..^1]));
        Assert.Equal("f", Assert.Single(llama.Append("}")).Call!.Name);
    }

    /// <summary>Replies put together from texts and calls: what must come out is known without parsing, wherever they are cut.</summary>
    [Fact]
    public void Any_cut_gives_what_was_put_together()
    {
        var random = new Random(20261121);
        string[] texts = ["Well.", "a < b", "<tool", "x }{ y", "[1, 2]", "\"", "€uro 😀", "<tool_call", "</tool_call>", "{}"];
        for (int i = 0; i < 400; i++)
        {
            var reply = new StringBuilder();
            List<string> expected = [];
            for (int j = random.Next(6); j >= 0; j--)
            {
                // Two texts in a row would be one.
                if (expected.Count == 0 || !expected[^1].StartsWith('\''))
                {
                    string text = texts[random.Next(texts.Length)];
                    expected.Add($"'{text}'");
                    reply.Append(text);
                }
                string arguments = $"{{\"a\": \"{texts[random.Next(5)]}\", \"b\": [{random.Next(100)}, null, {{}}]}}";
                expected.Add($"f({arguments})");
                reply.Append($"{Space()}<tool_call>{Space()}{{\"name\": \"f\", \"arguments\": {arguments}}}{Space()}</tool_call>{Space()}");
            }
            ToolCallParser parser = ToolReply.Parser(ToolModel.Hermes, "f");
            Assert.Equal(string.Join(' ', expected), ToolReply.Parse(parser, Cut(reply.ToString(), random)));
        }

        string Space() => new(' ', random.Next(3));
    }

    /// <summary>Heaps of fragments: no exception, and the same wherever they are cut.</summary>
    [Theory]
    [InlineData(ToolModel.Llama)]
    [InlineData(ToolModel.Hermes)]
    [InlineData(ToolModel.Mistral)]
    public void Any_cut_of_any_rubbish_gives_the_same(string template)
    {
        var random = new Random(20261122);
        string[] fragments =
        [
            F, G, "<tool_call>", "</tool_call>", "[TOOL_CALLS]", "[", "]", "{", "}", "\"", "\\", ":", ",", ";", " ", "\n", "<|python_tag|>", "name", "\"name\"", "\"f\"",
            "\"arguments\"", "1", "-", "true", "text", "<", "{\"name\": \"f\", \"parameters\": ", "\ud83d", "\u0000", "\"\\ud800\"",
        ];
        for (int i = 0; i < 1500; i++)
        {
            string reply = string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => fragments[random.Next(fragments.Length)]));
            string whole = ToolReply.Parse(ToolReply.Parser(template, "f", "g"), [reply]);
            Assert.Equal(whole, ToolReply.Parse(ToolReply.Parser(template, "f", "g"), Cut(reply, random)));
            Assert.Equal(whole, ToolReply.Parse(ToolReply.Parser(template, "f", "g"), reply.Select(c => c.ToString())));
        }
    }

    [Fact]
    public void Endless_beginnings_are_looked_at_once()
    {
        // A million characters: what took a time that grows with their square would take minutes.
        string nested = string.Concat(Enumerable.Repeat("<tool_call>{\"a\": [", 60_000));
        Assert.Equal($"'{nested}'", ToolReply.Parse(ToolReply.Parser(ToolModel.Hermes, "f"), [nested]));
    }

    private static void Check(string template, string reply, string expected)
    {
        ToolCallParser parser = ToolReply.Parser(template, "f", "g");
        Assert.Equal(expected, ToolReply.Parse(parser, [reply]));
        Assert.Equal(expected, ToolReply.Parse(parser, reply.Select(c => c.ToString())));
        for (int cut = 1; cut < reply.Length; cut++)
            Assert.Equal(expected, ToolReply.Parse(parser, [reply[..cut], reply[cut..]]));
    }

    private static IEnumerable<string> Cut(string text, Random random)
    {
        for (int start = 0, length; start < text.Length; start += length)
        {
            length = Math.Min(random.Next(8), text.Length - start);
            yield return text.Substring(start, length);
        }
    }
}
