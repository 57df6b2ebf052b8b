using System.Text;
using LlamaEngine.Tokenization;
using LlamaEngine.Tokenization.Json;
using LlamaEngine.Tokenization.SentencePiece;
using LlamaEngine.Tokenization.Tiktoken;

namespace LlamaEngine.Tests.Tokenization;

/// <summary>Damaged and hostile files: a typed exception or a tokenizer that works, never anything else.</summary>
public sealed class HostileTokenizerTests
{
    private const int Rounds = 1500;

    private static readonly string[] s_jsonScraps =
    [
        "null", "-1", "1e999", "2147483647", "4294967296", "[]", "{}", "\"\"", "\"\\ud800\"", "true", "\"BPE\"", "[[\"a\",\"b\",\"c\"]]",
        "{\"type\":\"Sequence\"}", "{\"String\":\"\"}", "{\"Regex\":\"(a+)+$\"}", "\"\\u0000\"", "[null]", "0.5",
    ];

    [Theory]
    [InlineData("byte-fallback")]
    [InlineData("added")]
    [InlineData("digits-false")]
    [InlineData("metaspace-first-true")]
    [InlineData("strip-left")]
    public void Damaged_tokenizer_json(string variant)
    {
        byte[] original = TestFiles.VariantJson(variant);
        var random = new Random(variant.Length);
        for (int round = 0; round < Rounds / 5; round++)
        {
            byte[] damaged = round % 2 == 0 ? Mutation.OfBytes(original, random) : Mutation.OfJson(original, s_jsonScraps, random);
            TryUse(() => TokenizerJson.Read(variant, damaged, new TokenizerConfig()));
        }
    }

    [Fact]
    public void Damaged_sentencepiece_models()
    {
        var random = new Random(7);
        foreach (string name in (string[])["a", "b", "e"])
        {
            byte[] original = File.ReadAllBytes(SharedData.Own("tokenizers", "sentencepiece", name + ".model"));
            for (int round = 0; round < Rounds / 3; round++)
            {
                byte[] damaged = Mutation.OfBytes(original, random);
                TryUse(() => new SentencePieceTokenizer(name, SentencePieceFile.Read(name, damaged, new TokenizerConfig())));
            }
        }
    }

    [Fact]
    public void Damaged_ranks()
    {
        byte[] original = TestFiles.RanksFile();
        var random = new Random(8);
        for (int round = 0; round < 150; round++)
        {
            byte[] damaged = Mutation.OfBytes(original, random);
            TryUse(() => TiktokenTokenizer.Create(TiktokenFile.Read("ranks", damaged), new TokenizerConfig()));
        }
    }

    [Theory]
    [InlineData("gpt2")]
    [InlineData("llama")]
    public void Damaged_metadata(string model)
    {
        var random = new Random(9);
        object[] scraps =
        [
            "x", "", -1, uint.MaxValue, long.MaxValue, ulong.MaxValue, 3.5f, true, Array.Empty<string>(), Array.Empty<float>(), Array.Empty<int>(),
            new[] { "a", "b" }, new[] { 1, 2 }, new[] { float.NaN }, new bool[3], "qwen2", "default", "gpt-2",
        ];
        for (int round = 0; round < 200; round++)
        {
            Dictionary<string, object> metadata = model == "gpt2" ? TestFiles.LexiconMetadata() : TestFiles.PiecesMetadata();
            string key = metadata.Keys.ElementAt(random.Next(metadata.Count));
            if (random.Next(4) == 0)
                metadata.Remove(key);
            else
                metadata[key] = metadata[key] is Array array && random.Next(2) == 0 ? Mutation.OfArray(array, random) : scraps[random.Next(scraps.Length)];
            TryUse(() => TestFiles.FromMetadata(metadata));
        }
    }

    [Theory]
    [InlineData("""{"model":{"type":"Unigram","vocab":[]}}""", "Unigram")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"normalizer":{"type":"Nmt"}}""", "Nmt")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"pre_tokenizer":{"type":"BertPreTokenizer"}}""", "BertPreTokenizer")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"decoder":{"type":"WordPiece"}}""", "WordPiece")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"post_processor":{"type":"BertProcessing"}}""", "BertProcessing")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":[],"end_of_word_suffix":"</w>"}}""", "end_of_word_suffix")]
    public void What_is_not_implemented_is_refused_by_name(string json, string name)
    {
        var refusal = Assert.Throws<UnsupportedModelException>(() => TokenizerJson.Read("test", Encoding.UTF8.GetBytes(json), new TokenizerConfig()));
        Assert.Contains(name, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("normalizer", "normalizers")]
    [InlineData("decoder", "decoders")]
    public void Replacements_that_double_a_text_again_and_again_are_refused(string component, string list)
    {
        string step = """{"type":"Replace","pattern":{"String":"a"},"content":"aa"}""";
        string steps = string.Join(',', Enumerable.Repeat(step, 40));
        string json = $$$"""{"model":{"vocab":{"a":0},"merges":[]},"{{{component}}}":{"type":"Sequence","{{{list}}}":[{{{steps}}}]}}""";
        Assert.Throws<UnsupportedModelException>(() => TokenizerJson.Read("test", Encoding.UTF8.GetBytes(json), new TokenizerConfig()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"model":{"vocab":{"a":2000000000},"merges":[]}}""")]
    [InlineData("""{"model":{"vocab":{"a":-1},"merges":[]}}""")]
    [InlineData("""{"model":{"vocab":{"a":0},"merges":["a a"]}}""")]
    [InlineData("""{"model":{"vocab":{"a":0},"merges":["a"]}}""")]
    [InlineData("""{"model":{"vocab":{"a":0},"merges":[]},"added_tokens":[{"id":2000000000,"content":"x"}]}""")]
    public void What_contradicts_itself_is_a_format_error(string json) =>
        Assert.Throws<ModelFormatException>(() => TokenizerJson.Read("test", Encoding.UTF8.GetBytes(json), new TokenizerConfig()));

    [Fact]
    public void Nesting_without_an_end_is_a_format_error()
    {
        string json = "{\"model\":" + string.Concat(Enumerable.Repeat("{\"a\":", 100_000));
        Assert.Throws<ModelFormatException>(() => TokenizerJson.Read("test", Encoding.UTF8.GetBytes(json), new TokenizerConfig()));
    }

    [Fact]
    public void A_file_of_another_kind_is_a_format_error()
    {
        string file = Path.Combine(AppContext.BaseDirectory, "LlamaEngine.Tests.dll");
        Assert.Throws<ModelFormatException>(() => Tokenizer.Load(file));
        Assert.ThrowsAny<IOException>(() => Tokenizer.Load(Path.Combine(AppContext.BaseDirectory, "no-such-file")));
    }

    private static void TryUse(Func<Tokenizer> load)
    {
        Tokenizer tokenizer;
        try
        {
            tokenizer = load();
        }
        catch (Exception e) when (e is ModelFormatException or UnsupportedModelException)
        {
            return;
        }
        foreach (string text in (string[])["Hello, <s>world</s>! 123 日本 👍 ing <l>", "  word\n"])
        {
            int[] ids = tokenizer.EncodeWithRules(text, allowSpecial: true);
            Assert.All(ids, id => Assert.InRange(id, 0, tokenizer.VocabularySize - 1));
            tokenizer.Decode(ids, skipSpecial: true);
        }
    }
}
