using System.Diagnostics;
using System.Text;
using LlamaEngine.Sampling.Structured.Automaton;
using LlamaEngine.Sampling.Structured.Masks;
using LlamaEngine.Sampling.Structured.Schemas;
using LlamaEngine.Tokenization;

namespace LlamaEngine.Benchmarks;

/// <summary>
/// What a response format costs: reading a vocabulary, compiling schemas, and a token's mask, at a place that is met for the first time and at one
/// whose mask is kept.
/// </summary>
internal static class StructureBenchmark
{
    private static readonly (string Name, string Schema)[] s_schemas =
    [
        ("any object", """{"type":"object"}"""),
        ("five properties", """{"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer","minimum":0,"maximum":150},"email":{"type":"string","pattern":"^[^@ ]+@[^@ ]+\\.[a-z]{2,}$"},"tags":{"type":"array","items":{"enum":["red","green","blue"]},"maxItems":5},"score":{"type":"number"}},"required":["name","age","email","tags"],"additionalProperties":false}"""),
        ("two hundred properties", $$"""{"type":"object","properties":{{{string.Join(',', Enumerable.Range(0, 200).Select(i => $"\"property{i}\":{{\"type\":[\"string\",\"null\"],\"maxLength\":{i + 1}}}"))}}},"additionalProperties":false}"""),
        ("recursive tree", """{"$ref":"#/$defs/n","$defs":{"n":{"type":"object","properties":{"v":{"type":"string"},"c":{"type":"array","items":{"$ref":"#/$defs/n"}}},"required":["v"]}}}"""),
        ("a thousand words", $$"""{"enum":[{{string.Join(',', Enumerable.Range(0, 1000).Select(i => $"\"value {i * 7919 % 10007}\""))}}]}"""),
    ];

    private static readonly (string Name, string Schema, string Start)[] s_places =
    [
        ("value of any kind", "true", ""),
        ("inside a free string", """{"type":"string"}""", "\"so"),
        ("inside a bounded string", """{"type":"string","maxLength":40}""", "\"so"),
        ("inside a string with a pattern", """{"type":"string","pattern":"^[A-Za-z ,.]*$"}""", "\"so"),
        ("a free name, after two others", """{"type":"object"}""", "{\"a\":1,\"b\":2,\"na"),
        ("a name of two hundred", s_schemas[2].Schema, "{\""),
        ("behind a value", s_schemas[1].Schema, "{\"name\":\"x\""),
        ("a number", """{"type":"number","minimum":0.5,"maximum":1000}""", "1"),
    ];

    /// <summary>Times the vocabulary of a model or tokenizer file.</summary>
    public static void Run(string path)
    {
        Tokenizer tokenizer = Tokenizer.Load(path);
        TokenVocabulary vocabulary = null!;
        double seconds = Clock.Best(() => vocabulary = new TokenVocabulary(tokenizer, tokenizer.VocabularySize), single: true);
        Console.WriteLine($"{vocabulary.Size} tokens, {vocabulary.All.Count} nodes: read in {seconds * 1e3:F1} ms");
        foreach ((string name, string schema) in s_schemas)
            Console.WriteLine($"  compile {name,-32} {Clock.Best(() => SchemaCompiler.Compile(schema), single: true, budget: 0.3) * 1e3,9:F2} ms");
        foreach ((string name, string schema, string start) in s_places)
            RunPlace(vocabulary, name, schema, start);
    }

    private static void RunPlace(TokenVocabulary vocabulary, string name, string schema, string start)
    {
        GrammarState state = Grammar.Advance(SchemaCompiler.Compile(schema).Start, Encoding.UTF8.GetBytes(start), (new FrameList(), new FrameList()))
            ?? throw new UnreachableException();
        var structure = new TokenStructure(new Grammar(state), new StructureEngine(vocabulary));
        var follower = new StructureFollower(structure);
        var builder = new MaskBuilder(vocabulary);
        ulong[] mask = new ulong[vocabulary.Words];
        float[] logits = new float[vocabulary.Size];
        double first = Clock.Best(() => builder.Build(state.Frames[0], mask), single: true, budget: 0.3);
        double kept = Clock.Best(() => follower.Apply(logits, [], []), single: true, budget: 0.3);
        Console.WriteLine($"  mask {name,-35} {first * 1e6,9:F1} µs first, {kept * 1e6,7:F1} µs kept, {mask.Sum(System.Numerics.BitOperations.PopCount)} tokens");
    }
}
