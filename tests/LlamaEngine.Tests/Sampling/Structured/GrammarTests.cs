using System.Text;
using LlamaEngine.Sampling.Structured.Automaton;
using LlamaEngine.Sampling.Structured.Schemas;

namespace LlamaEngine.Tests.Sampling.Structured;

public class GrammarTests
{
    public static TheoryData<string, string[], string[]> Cases => new()
    {
        { """{"type":"object"}""", ["{}", """{"a":1,"b":[{}]}""", """ {"a" : "x" , "b":null}"""], ["[]", "1", """{"a":1,"a":2}""", """{"a":1,"\u0061":2}""", """{"a":1,}""", "{} "] },
        {
            """{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"string"}},"required":["a"],"additionalProperties":false}""",
            ["""{"a":1}""", """{"b":"x","a":2}""", """{"\u0061":1}""", "{\n  \"a\": 1,\n  \"b\": \"\"\n}"],
            ["{}", """{"b":"x"}""", """{"a":1,"c":2}""", """{"a":1,"a":1}""", """{"a":1.5}""", "{\n\n\"a\":1}", """{"a":1,  "b":""}"""]
        },
        { """{"type":"object","required":["a","b"],"maxProperties":2}""", ["""{"b":1,"a":2}"""], ["""{"c":1,"a":2}""", """{"a":1}"""] },
        { """{"type":"object","minProperties":2,"propertyNames":{"enum":["a","b","c"]}}""", ["""{"a":1,"c":2}"""], ["""{"a":1}""", """{"a":1,"d":2}"""] },
        { """{"patternProperties":{"^n":{"type":"number"},"s$":{"minimum":5}},"additionalProperties":{"type":"string"}}""", ["""{"n":1,"ns":5,"x":"y","s":"z"}""", "3"], ["""{"n":"a"}""", """{"ns":4}""", """{"x":1}"""] },
        { """{"type":"array","prefixItems":[{"type":"string"},true],"items":{"type":"integer"},"minItems":1,"maxItems":4}""", ["""["a"]""", """["a",{},1,2]"""], ["[]", """["a",1,"b"]""", """["a",1,2,3,4]""", "[1]"] },
        { """{"type":["string","null"],"minLength":2,"maxLength":3}""", ["null", "\"ab\"", "\"\\u00e9\\n😀\"", "\"\\ud83d\\ude00ä\""], ["\"a\"", "\"abcd\"", "\"\\ud83d\"", "\"a\tb\"", "1"] },
        { """{"const":{"a":[1,{"b":null}],"c":"ä"}}""", ["""{"a":[1,{"b":null}],"c":"ä"}""", """{"c":"\u00E4","a":[1,{"b":null}]}"""], ["""{"a":[1,{"b":null}]}""", """{"a":[1,{"b":0}],"c":"ä"}""", """{"a":[1,{"b":null}],"c":"ä","d":1}"""] },
        { """{"enum":[true,"true",null,[]]}""", ["true", "\"true\"", "null", "[]", "[ ]"], ["false", "\"null\"", "[1]"] },
        { """{"allOf":[{"properties":{"a":{"minimum":1}}},{"properties":{"a":{"maximum":2},"b":false}}],"type":"object"}""", ["""{"a":1}""", """{"a":2,"c":3}""", "{}"], ["""{"a":3}""", """{"a":0}""", """{"b":1}"""] },
        { """{"$defs":{"n":{"type":"object","properties":{"k":{"$ref":"#/$defs/n"}},"additionalProperties":false}},"$ref":"#/$defs/n"}""", ["{}", """{"k":{"k":{}}}"""], ["""{"k":1}""", """{"j":{}}"""] },
        { """{"$anchor":"top","type":"array","items":{"$ref":"#top"}}""", ["[]", "[[],[[]]]"], ["[1]"] },
        { """{"$ref":"#top","properties":{"enum":{"$anchor":"top","type":"integer"}}}""", ["1"], ["{}", "\"1\""] },
        { """{"oneOf":[{"type":"object","properties":{"t":{"const":"a"}},"required":["t"]},{"type":"object","properties":{"t":{"const":"b"},"v":{"type":"integer"}},"required":["t","v"]}]}""", ["""{"t":"a"}""", """{"v":1,"t":"b"}""", """{"v":"x","t":"a"}"""], ["""{"t":"b"}""", """{"v":"x","t":"b"}""", """{"t":"c"}"""] },
        { """{"anyOf":[{"type":"string","maxLength":2},{"type":"string","minLength":5},{"type":"integer"}]}""", ["\"ab\"", "\"abcde\"", "7"], ["\"abc\"", "1.5"] },
        { "true", ["1", "[]", "\"\"", "{\"\":{}}"], ["", "1 2", "nul"] },
        { """{"title":"t","description":"d","default":1,"examples":[2],"$comment":"c","deprecated":true,"format":"date","x-own":1,"type":"string"}""", ["\"no date\""], ["1"] },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Instances_are_accepted_and_others_refused(string schema, string[] accepted, string[] refused)
    {
        Grammar grammar = SchemaCompiler.Compile(schema);
        Assert.All(accepted, text => Assert.True(grammar.Accepts(Encoding.UTF8.GetBytes(text)), text));
        Assert.All(refused, text => Assert.False(grammar.Accepts(Encoding.UTF8.GetBytes(text)), text));
    }

    [Theory]
    [InlineData("""{"type":"object","required":["a"],"maxProperties":1}""", "{\"", "a")]
    [InlineData("""{"properties":{"foo":{},"foobar":{}},"type":"object","additionalProperties":false}""", "{\"foobar\":1,\"foo", "\"")]
    [InlineData("""{"type":"object","propertyNames":{"pattern":"^[ab]$"}}""", "{\"a\":1,\"", "b")]
    [InlineData("""{"type":"object","propertyNames":{"pattern":"^(a|bc|bd)$"}}""", "{\"bc\":1,\"b", "d")]
    [InlineData("""{"type":"string","maxLength":1}""", "\"a", "\"")]
    [InlineData("""{"type":"string","pattern":"^\\u{1F600}$"}""", "\"\ud83d\ude00", "\"")]
    [InlineData("""{"type":"string","pattern":"^(ab)*$","maxLength":3}""", "\"ab", "\"")]
    [InlineData("""{"type":"integer","minimum":38,"maximum":41}""", "3", "8 9")]
    [InlineData("""{"type":"number","multipleOf":0.25,"maximum":1,"exclusiveMinimum":0.5}""", "0.7", "5")]
    public void Only_what_can_be_ended_is_begun(string schema, string start, string next)
    {
        Grammar grammar = SchemaCompiler.Compile(schema);
        var room = (new FrameList(), new FrameList());
        GrammarState? state = Grammar.Advance(grammar.Start, Encoding.UTF8.GetBytes(start), room);
        Assert.NotNull(state);
        IEnumerable<string> allowed = Enumerable.Range(0x21, 0x5E).Where(value => value != '\\' && Grammar.Advance(state, [(byte)value], room) is not null)
            .Select(value => $"{(char)value}");
        Assert.Equal(next, string.Join(' ', allowed));
    }

    [Fact]
    public void More_names_than_a_word_has_bits()
    {
        string[] names = [.. Enumerable.Range(0, 130).Select(i => $"name{i}")];
        string Members(IEnumerable<string> from) => string.Join(',', from.Select(name => $"\"{name}\":0"));
        Grammar grammar = SchemaCompiler.Compile(
            $"{{\"type\":\"object\",\"required\":[{string.Join(',', names.Select(name => $"\"{name}\""))}],\"maxProperties\":131}}");
        Assert.True(grammar.Accepts(Encoding.UTF8.GetBytes($"{{{Members(names.Reverse())}}}")));
        Assert.True(grammar.Accepts(Encoding.UTF8.GetBytes($"{{\"more\":1,{Members(names)}}}")));
        Assert.False(grammar.Accepts(Encoding.UTF8.GetBytes($"{{{Members(names.Skip(1))}}}")));
        Assert.False(grammar.Accepts(Encoding.UTF8.GetBytes($"{{{Members(names[..129])},\"name128\":1,\"name129\":0}}")));
        Assert.False(grammar.Accepts(Encoding.UTF8.GetBytes($"{{\"more\":1,\"most\":1,{Members(names)}}}")));
    }

    [Theory]
    [InlineData("""{"type":"object"}""", 256, true)]
    [InlineData("""{"type":"object"}""", 257, false)]
    [InlineData("""{"type":"object","required":["<300>"]}""", 300, true)]
    [InlineData("""{"type":"object","required":["<300>"]}""", 299, false)]
    [InlineData("""{"type":"object","propertyNames":{"minLength":280}}""", 280, true)]
    [InlineData("""{"type":"object","propertyNames":{"minLength":280}}""", 281, false)]
    public void Names_of_ones_own_end_as_soon_as_they_can_once_they_are_long(string schema, int length, bool accepted)
    {
        string named = new('n', 300);
        Grammar grammar = SchemaCompiler.Compile(schema.Replace("<300>", named, StringComparison.Ordinal));
        string rest = schema.Contains("required", StringComparison.Ordinal) && length < 300 ? $",\"{named}\":1" : "";
        Assert.Equal(accepted, grammar.Accepts(Encoding.UTF8.GetBytes($"{{\"{new string(length < 300 ? 'm' : 'n', length)}\":1{rest}}}")));
    }

    [Fact]
    public void A_long_name_that_is_taken_goes_on()
    {
        Grammar grammar = SchemaCompiler.Compile("""{"type":"object","minProperties":2}""");
        string name = new('n', 256);
        Assert.True(grammar.Accepts(Encoding.UTF8.GetBytes($"{{\"{name}\":1,\"{name}x\":1}}")));
        Assert.False(grammar.Accepts(Encoding.UTF8.GetBytes($"{{\"{name}\":1,\"{name}\":1}}")));
        Assert.False(grammar.Accepts(Encoding.UTF8.GetBytes($"{{\"{name}\":1,\"{name}xx\":1}}")));
    }

    [Fact]
    public void As_many_levels_as_other_readers_take_and_no_more()
    {
        Grammar grammar = SchemaCompiler.Compile("true");
        Assert.True(grammar.Accepts(Encoding.UTF8.GetBytes(new string('[', 64) + new string(']', 64))));
        Assert.False(grammar.Accepts(Encoding.UTF8.GetBytes(new string('[', 65) + new string(']', 65))));
        Grammar lists = SchemaCompiler.Compile("""{"$ref":"#/$defs/n","$defs":{"n":{"type":"object","properties":{"k":{"$ref":"#/$defs/n"}},"additionalProperties":false}}}""");
        string deepest = string.Concat(Enumerable.Repeat("{\"k\":", 63)) + "{";
        GrammarState? state = Grammar.Advance(lists.Start, Encoding.UTF8.GetBytes(deepest), (new FrameList(), new FrameList()));
        Assert.NotNull(state);
        Assert.Null(Grammar.Advance(state, "\""u8, (new FrameList(), new FrameList())));
        Assert.NotNull(Grammar.Advance(state, "}"u8, (new FrameList(), new FrameList())));
    }
}
