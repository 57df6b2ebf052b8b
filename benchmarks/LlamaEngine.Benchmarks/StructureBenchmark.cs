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

    private static readonly (string Name, string Schema, string Document)[] s_documents =
    [
        ("twenty people", $$"""{"type":"array","maxItems":50,"items":{{s_schemas[1].Schema}}}""", $"[{string.Join(", ", Enumerable.Range(0, 20).Select(i =>
            $$"""{"name": "Person number {{i}}", "age": {{20 + i}}, "email": "person{{i}}@example.org", "tags": ["red", "green"], "score": {{i}}.5}"""))}]"),
        ("any object", s_schemas[0].Schema, $"{{{string.Join(", ", Enumerable.Range(0, 60).Select(i => $"\"word number {i * 37}\": {{\"count\": {i}, \"text\": \"It is so.\"}}"))}}}"),
        ("a recursive tree", s_schemas[3].Schema, Tree(5)),
        ("a bounded pattern", """{"type":"string","pattern":"^[A-Za-z0-9 ,.]*$","maxLength":800}""", $"\"{string.Concat(Enumerable.Repeat("The quick brown fox jumps over the lazy dog. ", 15))}\""),
    ];

    private static string Tree(int depth) =>
        $"{{\"v\": \"node at {depth}\", \"c\": [{(depth == 0 ? "" : $"{Tree(depth - 1)}, {Tree(depth - 1)}")}]}}";

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
        foreach ((string name, string schema, string document) in s_documents)
            RunDocument(tokenizer, vocabulary, name, schema, document);
    }

    // What the loop's thread works for the masks of a whole completion: when nobody has been there before; when nobody has but the model
    // computes between two tokens; and when somebody has.
    private static void RunDocument(Tokenizer tokenizer, TokenVocabulary vocabulary, string name, string schema, string document)
    {
        int[] tokens = [.. tokenizer.Encode(document)];
        var structure = new TokenStructure(SchemaCompiler.Compile(schema), new StructureEngine(vocabulary));
        (double first, double worst) = Follow(new StructureFollower(structure), tokens, vocabulary.Size, step: null);
        (double again, _) = Follow(new StructureFollower(structure), tokens, vocabulary.Size, step: null);
        structure = structure with { Engine = new StructureEngine(vocabulary) };
        (double ahead, double worstAhead) = Follow(new StructureFollower(structure), tokens, vocabulary.Size, TimeSpan.FromMilliseconds(5));
        Console.WriteLine(
            $"  {tokens.Length,5} tokens of {name,-18} {first * 1e3,7:F1} ms, at most {worst * 1e3,5:F2} a token; "
            + $"with 5 ms between tokens {ahead * 1e3,7:F1} ms, at most {worstAhead * 1e3,5:F2}; again {again * 1e3,6:F1} ms");
    }

    private static (double All, double Slowest) Follow(StructureFollower follower, int[] tokens, int vocabulary, TimeSpan? step)
    {
        double all = 0, slowest = 0;
        float[] logits = new float[vocabulary];
        for (int n = 0; n <= tokens.Length; n++)
        {
            double start = Clock.ThreadSeconds;
            follower.Apply(logits, tokens.AsSpan(0, n), []);
            if (step is not null && n < tokens.Length)
                follower.Prepare(tokens[n]);
            double seconds = Clock.ThreadSeconds - start;
            (all, slowest) = (all + seconds, Math.Max(slowest, seconds));
            if (step is { } time)
                Thread.Sleep(time);
        }
        return (all, slowest);
    }

    private static void RunPlace(TokenVocabulary vocabulary, string name, string schema, string start)
    {
        GrammarState state = Grammar.Advance(SchemaCompiler.Compile(schema).Start, Encoding.UTF8.GetBytes(start), (new FrameList(), new FrameList()))
            ?? throw new UnreachableException();
        var structure = new TokenStructure(new Grammar(state), new StructureEngine(vocabulary));
        var follower = new StructureFollower(structure);
        var builder = new MaskBuilder(vocabulary);
        PlaceMask mask = null!;
        float[] logits = new float[vocabulary.Size];
        double first = Clock.Best(() => mask = builder.Build(state.Frames[0].Alone()), single: true, budget: 0.3);
        double around = Clock.Best(() => builder.Complete(mask, state.Frames[0]), single: true, budget: 0.3);
        double kept = Clock.Best(() => follower.Apply(logits, [], []), single: true, budget: 0.3);
        Console.WriteLine($"  mask {name,-35} {first * 1e6,9:F1} µs first, {around * 1e6,7:F1} µs with other things around ({mask.Exits.Length} exits), {kept * 1e6,7:F1} µs kept");
    }
}
