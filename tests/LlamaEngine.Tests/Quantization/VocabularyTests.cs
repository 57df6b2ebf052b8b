using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LlamaEngine.Formats;
using LlamaEngine.Formats.Gguf;
using LlamaEngine.Formats.Quantization.Vocabularies;
using LlamaEngine.Tokenization;

namespace LlamaEngine.Tests.Quantization;

/// <summary>Tokenizers of Hugging Face folders, translated into GGUF metadata.</summary>
public sealed class VocabularyTests : IDisposable
{
    private const string ByteLevel = """
        {
          "added_tokens": [{"id": 5, "content": "<s>", "special": true}, {"id": 4, "content": "user", "special": false}, {"id": 99, "content": "<far>", "special": true}],
          "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": true}, {"type": "ByteLevel", "add_prefix_space": false}]},
          "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>"}}, {"Sequence": {"id": "A"}}]},
          "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2, "aab": 3}, "merges": [["a", "b"], "a ab"]}
        }
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("vocabulary-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Byte_level_tokenizers_keep_tokens_types_merges_and_split()
    {
        Dictionary<string, object> keys = Translate(ByteLevel, 7, out _);
        Assert.Equal("gpt2", keys["tokenizer.ggml.model"]);
        Assert.Equal("smollm", keys["tokenizer.ggml.pre"]);
        Assert.Equal(["a", "b", "ab", "aab", "user", "<s>", "[PAD6]"], (string[])keys["tokenizer.ggml.tokens"]);
        Assert.Equal([1, 1, 1, 1, 4, 3, 5], (int[])keys["tokenizer.ggml.token_type"]);
        Assert.Equal(["a b", "a ab"], (string[])keys["tokenizer.ggml.merges"]);
        Assert.False(keys.ContainsKey("tokenizer.ggml.scores"));
    }

    [Fact]
    public void Byte_fallback_tokenizers_become_sentence_pieces_scored_by_their_first_merge()
    {
        Dictionary<string, object> keys = Translate("""
            {
              "added_tokens": [{"id": 0, "content": "<unk>", "special": true}],
              "normalizer": {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}]},
              "model": {"type": "BPE", "byte_fallback": true, "unk_token": "<unk>",
                "vocab": {"<unk>": 0, "<0x0A>": 1, "a": 2, "b": 3, "ab": 4, "aab": 5}, "merges": ["a b", "aa b", "a ab"]}
            }
            """, 6, out _);
        Assert.Equal("llama", keys["tokenizer.ggml.model"]);
        Assert.Equal([2, 6, 1, 1, 1, 1], (int[])keys["tokenizer.ggml.token_type"]);
        Assert.Equal([0, 0, 0, 0, 0, -1], (float[])keys["tokenizer.ggml.scores"]);
        Assert.Equal(true, keys["tokenizer.ggml.add_space_prefix"]);
    }

    [Fact]
    public void Special_tokens_come_from_the_template_the_configuration_and_the_ends_of_replies()
    {
        var keys = new Dictionary<string, object>();
        using JsonDocument json = JsonDocument.Parse(ByteLevel), config = JsonDocument.Parse("""{"eos_token": {"content": "b"}, "pad_token": "a", "unk_token": null}""");
        VocabularyTable table = JsonVocabulary.Describe(json.RootElement, "t", 7, keys);
        SpecialTokens.Describe(table, config.RootElement, SpecialTokens.ReadTemplate(json.RootElement, "t"), [3, 1], 2, keys);
        Assert.Equal(5u, keys["tokenizer.ggml.bos_token_id"]);
        Assert.Equal(1u, keys["tokenizer.ggml.eos_token_id"]);
        Assert.Equal(3u, keys["tokenizer.ggml.eot_token_id"]);
        Assert.Equal(0u, keys["tokenizer.ggml.padding_token_id"]);
        Assert.Equal(true, keys["tokenizer.ggml.add_bos_token"]);
        Assert.Equal(false, keys["tokenizer.ggml.add_eos_token"]);
        Assert.False(keys.ContainsKey("tokenizer.ggml.unknown_token_id"));
    }

    [Fact]
    public void Sentence_piece_files_keep_pieces_scores_and_types()
    {
        byte[] trainer = [0x18, 2]; // model_type = BPE
        File.WriteAllBytes(Path.Combine(_folder, "tokenizer.model"),
            [.. Piece("<unk>", 0, 2), .. Piece("<s>", 0, 3), .. Piece("▁a", -1.5f, null), 0x12, (byte)trainer.Length, .. trainer, 0x1A, 2, 0x18, 0]);
        var keys = new Dictionary<string, object>();
        (VocabularyTable _, (string?, string?) added) = SentencePieceVocabulary.Describe(Path.Combine(_folder, "tokenizer.model"), 4, keys);
        Assert.Equal(["<unk>", "<s>", "▁a", "[PAD3]"], (string[])keys["tokenizer.ggml.tokens"]);
        Assert.Equal([2, 3, 1, 5], (int[])keys["tokenizer.ggml.token_type"]);
        Assert.Equal([0, 0, -1.5f, 0], (float[])keys["tokenizer.ggml.scores"]);
        Assert.Equal(false, keys["tokenizer.ggml.add_space_prefix"]);
        Assert.Equal(("<s>", null), added);
    }

    [Theory]
    [InlineData("""{"model": {"type": "WordPiece"}}""", typeof(UnsupportedModelException))]
    [InlineData("""{"model": {"vocab": {}, "merges": []}, "pre_tokenizer": {"type": "Whitespace"}}""", typeof(UnsupportedModelException))]
    [InlineData("""{}""", typeof(ModelFormatException))]
    [InlineData("""{"model": 3}""", typeof(ModelFormatException))]
    [InlineData("""{"model": {"vocab": {"a": "b"}, "merges": []}}""", typeof(ModelFormatException))]
    [InlineData("""{"model": {"vocab": {}, "merges": [1]}}""", typeof(ModelFormatException))]
    [InlineData("""{"model": {"vocab": {}, "merges": [["a", "\ud800"]]}}""", typeof(ModelFormatException))]
    [InlineData("""{"model": {"vocab": {"\ud800": 1}, "merges": []}}""", typeof(ModelFormatException))]
    [InlineData("""{"model": {"vocab": {}, "merges": []}, "added_tokens": [{}]}""", typeof(ModelFormatException))]
    [InlineData("""{"model": {"vocab": {}, "merges": []}, "added_tokens": [1]}""", typeof(ModelFormatException))]
    public void Damaged_and_foreign_tokenizers_are_refused(string json, Type expected) =>
        Assert.IsType(expected, Record.Exception(() => Translate(json, 4, out _)));

    [Theory]
    [InlineData(new byte[] { 0x0A })]
    [InlineData(new byte[] { 0x0A, 200, 1 })]
    [InlineData(new byte[] { 0x0A, 1, 0x0A })]
    [InlineData(new byte[] { 0x0A, 2, 0x0D, 1 })]
    [InlineData(new byte[] { 0x0A, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF })]
    public void Damaged_sentence_piece_files_are_refused(byte[] bytes)
    {
        string path = Path.Combine(_folder, "tokenizer.model");
        File.WriteAllBytes(path, bytes);
        Assert.Throws<ModelFormatException>(() => SentencePieceVocabulary.Describe(path, 4, []));
    }

    [Fact]
    public void Lexicons_folder_gives_the_vocabulary_of_its_GGUF_file()
    {
        var keys = new Dictionary<string, object>();
        using ModelFile folder = ModelFile.Open(SharedData.Shared("models", "lexicon-5m"));
        HuggingFaceVocabulary.Describe(folder, keys);
        using MappedFile file = MappedFile.Open(Path.Combine(SharedData.Repository, "assets", "lexicon-5m-q8_0.gguf"));
        IReadOnlyDictionary<string, object> reference = GgufHeader.Read(file).Metadata.Values;
        foreach (string key in (string[])["model", "pre", "tokens", "token_type", "merges", "bos_token_id", "eos_token_id", "add_bos_token"])
            Assert.Equal(reference[$"tokenizer.ggml.{key}"], keys[$"tokenizer.ggml.{key}"]);
    }

    [Theory]
    [InlineData("llama3", 128256)]
    [InlineData("llama2", 32000)]
    [InlineData("smollm2", 49152)]
    [InlineData("lexicon", 4096)]
    public void The_translated_tokenizer_gives_the_ids_of_the_original(string name, int size)
    {
        string folder = SharedData.Shared("golden", "tokenizers", name);
        Tokenizer translated = Tokenizer.FromGguf(new GgufMetadata(name, Translate(File.ReadAllText(Path.Combine(folder, "tokenizer.json")), size, out _)));
        int lines = 0;
        foreach (string line in File.ReadLines(Path.Combine(folder, "lines.jsonl")))
        {
            JsonNode expected = JsonNode.Parse(line)!;
            bool special = expected["special"]?.GetValue<bool>() ?? false;
            Assert.Equal(expected["ids"]!.AsArray().Select(id => id!.GetValue<int>()), translated.Encode(expected["text"]!.GetValue<string>(), special));
            lines++;
        }
        Assert.True(lines > 100);
    }

    [Fact]
    public void Llama_2_has_the_same_vocabulary_in_both_of_its_files()
    {
        Dictionary<string, object> json = Translate(File.ReadAllText(SharedData.Shared("golden", "tokenizers", "llama2", "tokenizer.json")), 32000, out _);
        var pieces = new Dictionary<string, object>();
        SentencePieceVocabulary.Describe(SharedData.Shared("golden", "tokenizers", "llama2", "tokenizer.model"), 32000, pieces);
        foreach (string key in (string[])["model", "tokens", "token_type", "add_space_prefix"])
            Assert.Equal(pieces[$"tokenizer.ggml.{key}"], json[$"tokenizer.ggml.{key}"]);
        // Among tokens that merges make, both scores put the same ones first; runs of spaces tie in SentencePiece.
        float[] ours = (float[])json["tokenizer.ggml.scores"], theirs = (float[])pieces["tokenizer.ggml.scores"];
        int[] merged = [.. Enumerable.Range(0, 32000).Where(id => ours[id] < 0 && theirs[id] > -1e8f)];
        Assert.True(merged.Length > 25000);
        Assert.Equal(merged.OrderBy(id => -theirs[id]), merged.OrderBy(id => -ours[id]));
    }

    private static Dictionary<string, object> Translate(string json, int size, out VocabularyTable table)
    {
        var keys = new Dictionary<string, object>();
        using JsonDocument document = JsonDocument.Parse(json);
        table = JsonVocabulary.Describe(document.RootElement, "tokenizer.json", size, keys);
        return keys;
    }

    private static byte[] Piece(string text, float score, byte? type)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        byte[] body = [0x0A, (byte)utf8.Length, .. utf8, 0x15, .. BitConverter.GetBytes(score), .. type is { } kind ? [0x18, kind] : Array.Empty<byte>()];
        return [0x0A, (byte)body.Length, .. body];
    }
}
