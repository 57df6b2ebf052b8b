using System.Text;
using LlamaEngine.Sampling;
using LlamaEngine.Sampling.Structured.Automaton;
using LlamaEngine.Sampling.Structured.Masks;
using LlamaEngine.Sampling.Structured.Schemas;
using LlamaEngine.Tests.Engine;
using LlamaEngine.Tokenization;

namespace LlamaEngine.Tests.Sampling.Structured;

public class MaskTests
{
    private static readonly Lazy<TokenVocabulary> s_lexicon = new(() =>
        Tokenizer.Load(Lexicon.Model) is var tokenizer ? new TokenVocabulary(tokenizer, tokenizer.VocabularySize + 5) : null!);

    public static TheoryData<string, string> Places => new()
    {
        { "true", "" },
        { """{"type":"object"}""", "{\"na" },
        { """{"type":"object"}""", "{\"a\":1,\"" },
        { """{"type":"object","properties":{"the":{},"then":{}},"additionalProperties":false}""", "{\"th" },
        { """{"type":"string"}""", "\"so" },
        { """{"type":"string"}""", "\"so \\" },
        { """{"type":"string"}""", "\"so \\u00" },
        { """{"type":"string","maxLength":4}""", "\"" },
        { """{"type":"string","minLength":5}""", "\"a" },
        { """{"type":"string","pattern":"^[a-z ]+$"}""", "\"th" },
        { """{"type":"string","pattern":"ing"}""", "\"th" },
        { """{"type":"array","items":{"type":["number","string"]}}""", "[1" },
        { """{"anyOf":[{"type":"array","items":{"maxLength":3,"type":"string"}},{"type":"array","items":{"type":"string","pattern":"^t"}}]}""", "[\"t" },
        { """{"enum":["there","the","other"]}""", "\"the" },
    };

    [Theory]
    [MemberData(nameof(Places))]
    public void A_mask_has_the_tokens_that_the_grammar_takes_one_by_one(string schema, string start)
    {
        TokenVocabulary vocabulary = s_lexicon.Value;
        var engine = new StructureEngine(vocabulary);
        GrammarState? state = Grammar.Advance(SchemaCompiler.Compile(schema).Start, Encoding.UTF8.GetBytes(start), (new FrameList(), new FrameList()));
        Assert.NotNull(state);
        float[] logits = new float[vocabulary.Size];
        var follower = new StructureFollower(new TokenStructure(SchemaCompiler.Compile(schema), engine));
        follower.Apply(logits, TokensOf(vocabulary, start), []);
        int allowed = 0;
        for (int token = 0; token < vocabulary.Size; token++)
        {
            bool expected = engine.Advance(state, token) is not null;
            allowed += expected ? 1 : 0;
            Assert.True(expected == (logits[token] == 0), $"token {token} '{Encoding.UTF8.GetString(vocabulary.Bytes(token))}' should be {expected}");
        }
        Assert.InRange(allowed, 1, vocabulary.Size - 1);
    }

    [Fact]
    public void Masks_of_one_engine_are_right_wherever_random_walks_come()
    {
        TokenVocabulary vocabulary = s_lexicon.Value;
        var engine = new StructureEngine(vocabulary);
        var random = new Random(1);
        foreach (Grammar grammar in SchemaSource.Take(14).Select(item => item.Grammar).Append(SchemaCompiler.AnyObject))
        {
            GrammarState state = grammar.Start;
            for (int step = 0; step < 14 && !state.IsClosed; step++)
            {
                var allowed = new List<(int Token, GrammarState State)>();
                for (int token = 0; token < vocabulary.Size; token++)
                {
                    if (engine.Advance(state, token) is { } next)
                        allowed.Add((token, next));
                }
                var masked = new SortedSet<int>();
                foreach (Frame frame in state.Frames)
                    masked.UnionWith(TokensIn(engine.Mask(frame)));
                Assert.Equal(allowed.Select(way => way.Token), masked);
                // Long tokens are those that leave places.
                allowed = [.. allowed.OrderByDescending(way => vocabulary.Bytes(way.Token).Length * random.NextDouble())];
                state = allowed[0].State;
            }
        }
    }

    [Fact]
    public void Places_that_differ_in_what_is_around_them_are_looked_at_once()
    {
        TokenVocabulary vocabulary = s_lexicon.Value;
        var engine = new StructureEngine(vocabulary);
        Grammar grammar = SchemaCompiler.Compile("""{"type":"array","items":{"type":"number"},"maxItems":2}""");
        int[] At(string start)
        {
            GrammarState state = Grammar.Advance(grammar.Start, Encoding.UTF8.GetBytes(start), (new FrameList(), new FrameList()))!;
            int[] masked = [.. TokensIn(engine.Mask(Assert.Single(state.Frames.ToArray())))];
            Assert.Equal(Enumerable.Range(0, vocabulary.Size).Where(token => engine.Advance(state, token) is not null), masked);
            return masked;
        }
        int[] first = At("[1");
        int known = engine.KnownPlaces;
        int[] last = At("[2,1");
        Assert.Equal(known, engine.KnownPlaces);
        int comma = TokensOf(vocabulary, ",")[0];
        Assert.Contains(comma, first);
        Assert.DoesNotContain(comma, last);
    }

    [Fact]
    public void Masks_are_the_same_whoever_makes_them_and_when()
    {
        TokenVocabulary vocabulary = s_lexicon.Value;
        Grammar grammar = SchemaCompiler.Compile("""{"type":"array","items":{"type":"object","properties":{"a":{"type":"string","pattern":"^[a-z ]*$"}},"required":["a"]}}""");
        string[] starts = ["", "[", "[{", "[{\"a\":\"", "[{\"a\":\"so", "[{\"a\":\"x\"", "[{\"a\":\"x\"},{\"a\":\"so"];
        GrammarState[] states = [.. starts.Select(start =>
            Grammar.Advance(grammar.Start, Encoding.UTF8.GetBytes(start), (new FrameList(), new FrameList()))!)];
        var alone = new StructureEngine(vocabulary);
        ulong[][] expected = [.. states.Select(state => alone.Mask(state.Frames[0]).ToArray())];
        for (int round = 0; round < 20; round++)
        {
            var places = new PlaceMasks(vocabulary, 100);
            Parallel.For(0, 64, i =>
            {
                places.Prepare(states[i % states.Length]);
                Assert.Equal(expected[i * 5 % states.Length], places.Mask(states[i * 5 % states.Length].Frames[0]));
            });
        }
    }

    [Fact]
    public void Masks_of_the_next_token_are_asked_for_when_a_token_was_drawn()
    {
        TokenVocabulary vocabulary = s_lexicon.Value;
        var structure = new TokenStructure(SchemaCompiler.Compile("""{"type":"array"}"""), new StructureEngine(vocabulary));
        SamplingParameters parameters = SamplingInputs.Parameters(vocabulary.Size, new GenerationOptions { StopTokens = [0] }) with { Structure = structure };
        var sampler = new Sampler(parameters, new SamplerScratch(vocabulary.Size));
        sampler.Sample(new float[vocabulary.Size], [7], 1);
        Assert.Equal(2, structure.Engine.KnownPlaces);
    }

    [Fact]
    public void Special_tokens_and_those_beyond_the_tokenizer_are_no_text()
    {
        TokenVocabulary vocabulary = s_lexicon.Value;
        Tokenizer tokenizer = Tokenizer.Load(Lexicon.Model);
        for (int token = 0; token < vocabulary.Size; token++)
            Assert.Equal(token >= tokenizer.VocabularySize || tokenizer.IsSpecial(token), vocabulary.Bytes(token).IsEmpty);
    }

    [Fact]
    public void End_tokens_are_sampled_where_the_instance_is_complete_and_are_no_text_elsewhere()
    {
        TokenVocabulary vocabulary = s_lexicon.Value;
        int end = 0, three = TokensOf(vocabulary, "3")[0];
        var structure = new TokenStructure(SchemaCompiler.Compile("""{"type":"integer","minimum":1,"maximum":39}"""), new StructureEngine(vocabulary));
        float[] Row(params int[] output)
        {
            float[] logits = new float[vocabulary.Size];
            new StructureFollower(structure).Apply(logits, output, [end, three]);
            return logits;
        }
        Assert.Equal(float.NegativeInfinity, Row()[end]);
        Assert.Equal(float.NegativeInfinity, Row()[three]);
        int one = TokensOf(vocabulary, "1")[0], two = TokensOf(vocabulary, "2")[0];
        Assert.Equal(0, Row(one)[end]);
        Assert.Equal(0, Row(one)[two]);
        Assert.Equal(0, Row(one)[three]); // it ends, rather than going on with 3
    }

    [Fact]
    public void A_follower_that_is_asked_again_from_the_start_starts_again()
    {
        TokenVocabulary vocabulary = s_lexicon.Value;
        var follower = new StructureFollower(new TokenStructure(SchemaCompiler.Compile("""{"type":"array"}"""), new StructureEngine(vocabulary)));
        int[] tokens = TokensOf(vocabulary, "[[],1");
        float[] first = new float[vocabulary.Size], again = new float[vocabulary.Size];
        follower.Apply(first, tokens.AsSpan(0, 2), []);
        follower.Apply(new float[vocabulary.Size], tokens, []);
        follower.Apply(again, tokens.AsSpan(0, 2), []);
        Assert.Equal(first, again);
        follower.Apply(again, [], []);
        Assert.Throws<InvalidOperationException>(() => follower.Apply(again, TokensOf(vocabulary, "[}"), []));
    }

    [Fact]
    public void Sampling_allocates_nothing_once_others_have_been_there()
    {
        TokenVocabulary vocabulary = s_lexicon.Value;
        var structure = new TokenStructure(
            SchemaCompiler.Compile("""{"type":"object","properties":{"a":{"type":"string"},"b":{"anyOf":[{"type":"number"},{"type":"array"}]}},"required":["a"]}"""),
            new StructureEngine(vocabulary));
        SamplingParameters parameters = SamplingInputs.Parameters(vocabulary.Size, new GenerationOptions { Temperature = 1, StopTokens = [0] }) with { Structure = structure };
        var sampler = new Sampler(parameters, new SamplerScratch(vocabulary.Size));
        int[] tokens = [7, .. TokensOf(vocabulary, "{\"b\" : [1.5,{\"x\":null}],\n \"a\":\"so it is\"}")];
        float[] logits = SamplingInputs.Logits(vocabulary.Size, 1), row = new float[vocabulary.Size];
        int[] drawn = new int[tokens.Length];
        // What is drawn is what comes next, so that the masks that are made for it are those that are asked for.
        SamplingAllocationTests.AssertAllocatesNothing(() =>
        {
            for (int n = 1; n <= tokens.Length; n++)
            {
                logits.CopyTo(row, 0);
                row[n < tokens.Length ? tokens[n] : 0] = 1000;
                drawn[n - 1] = sampler.Sample(row, tokens.AsSpan(0, n), 1).TokenId;
            }
        });
        Assert.Equal([.. tokens[1..], 0], drawn);
    }

    [Fact]
    public void A_cache_keeps_what_was_used_lately_and_is_bounded()
    {
        var cache = new BoundedCache<int, int>(10);
        for (int i = 0; i < 1000; i++)
        {
            cache.Add(i, -i);
            Assert.True(cache.TryGet(0, out int first) && first == 0, "what is used again and again stays");
            Assert.True(cache.TryGet(Math.Max(0, i - 1), out int value) && value == -Math.Max(0, i - 1));
            Assert.True(cache.Count <= 20);
        }
        Assert.False(cache.TryGet(500, out _));
    }

    [Fact]
    public void What_weighs_more_leaves_room_for_less()
    {
        var cache = new BoundedCache<string, int>(10);
        cache.Add("light", 1);
        cache.Add("heavy", 2, 9);
        Assert.True(cache.TryGet("light", out _));
        cache.Add("heavy too", 3, 9);
        cache.Add("last", 4, 9);
        Assert.False(cache.TryGet("light", out _));
        Assert.False(cache.TryGet("heavy", out _));
        Assert.True(cache.TryGet("heavy too", out _));
    }

    private static IEnumerable<int> TokensIn(ReadOnlySpan<ulong> mask)
    {
        ulong[] words = mask.ToArray();
        return Enumerable.Range(0, 64 * words.Length).Where(token => (words[token >> 6] >> token & 1) != 0);
    }

    // Byte by byte: one token for each.
    private static int[] TokensOf(TokenVocabulary vocabulary, string text) =>
    [
        .. Encoding.UTF8.GetBytes(text).Select(value =>
            Enumerable.Range(0, vocabulary.Size).First(token => vocabulary.Bytes(token).Length == 1 && vocabulary.Bytes(token)[0] == value)),
    ];
}
