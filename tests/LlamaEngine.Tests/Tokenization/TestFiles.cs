using System.Globalization;
using System.Text;
using System.Text.Json;
using LlamaEngine.Formats.Gguf;
using LlamaEngine.Tokenization;
using LlamaEngine.Tokenization.Decoding;
using LlamaEngine.Tokenization.Json;
using LlamaEngine.Tokenization.Tiktoken;

namespace LlamaEngine.Tests.Tokenization;

/// <summary>Makes other forms of Lexicon's tokenizer and reads the variants.</summary>
internal static class TestFiles
{
    private static readonly JsonElement s_lexicon =
        JsonDocument.Parse(File.ReadAllBytes(SharedData.Own("tokenizers", "lexicon", "tokenizer.json"))).RootElement;

    /// <summary>A variant's tokenizer.json.</summary>
    public static byte[] VariantJson(string name) =>
        Encoding.UTF8.GetBytes(File.ReadLines(SharedData.Own("tokenizers", "variants", "variants.jsonl"))
            .Select(line => JsonDocument.Parse(line).RootElement)
            .Single(variant => variant.GetProperty("name").GetString() == name)
            .GetProperty("tokenizer").GetRawText());

    /// <summary>A variant's tokenizer.</summary>
    public static Tokenizer Variant(string name) => TokenizerJson.Read(name, VariantJson(name), new TokenizerConfig());

    /// <summary>Lexicon's tokens as a file of tiktoken; its special tokens are not among them.</summary>
    public static byte[] RanksFile()
    {
        var lines = new StringBuilder();
        foreach (JsonProperty token in s_lexicon.GetProperty("model").GetProperty("vocab").EnumerateObject().OrderBy(t => t.Value.GetInt32()))
            lines.Append(CultureInfo.InvariantCulture, $"{Convert.ToBase64String(ByteLevelAlphabet.TryGetBytes(token.Name)!)} {token.Value}\n");
        return Encoding.ASCII.GetBytes(lines.ToString());
    }

    /// <summary>The tokenizer of <see cref="RanksFile"/>.</summary>
    public static Tokenizer Ranks() => TiktokenTokenizer.Create(TiktokenFile.Read("ranks", RanksFile()), new TokenizerConfig());

    /// <summary>Lexicon's tokenizer as GGUF metadata.</summary>
    public static Dictionary<string, object> LexiconMetadata()
    {
        JsonElement model = s_lexicon.GetProperty("model");
        string[] special = ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"];
        string[] tokens = [.. model.GetProperty("vocab").EnumerateObject().OrderBy(t => t.Value.GetInt32()).Select(t => t.Name), .. special];
        return new Dictionary<string, object>
        {
            ["tokenizer.ggml.model"] = "gpt2",
            ["tokenizer.ggml.pre"] = "llama-bpe",
            ["tokenizer.ggml.tokens"] = tokens,
            ["tokenizer.ggml.token_type"] = tokens.Select((_, id) => id < tokens.Length - special.Length ? 1 : 3).ToArray(),
            ["tokenizer.ggml.merges"] = model.GetProperty("merges").EnumerateArray().Select(m => $"{m[0]} {m[1]}").ToArray(),
            ["tokenizer.ggml.bos_token_id"] = 4091u,
            ["tokenizer.ggml.eos_token_id"] = 4095u,
        };
    }

    /// <summary>A SentencePiece model as GGUF metadata.</summary>
    public static Dictionary<string, object> PiecesMetadata()
    {
        var model = LlamaEngine.Tokenization.SentencePiece.SentencePieceFile.Read(
            "a", File.ReadAllBytes(SharedData.Own("tokenizers", "sentencepiece", "a.model")), new TokenizerConfig());
        int[] ids = [.. Enumerable.Range(0, model.Vocabulary.Count)];
        return new Dictionary<string, object>
        {
            ["tokenizer.ggml.model"] = "llama",
            ["tokenizer.ggml.tokens"] = ids.Select(model.Vocabulary.Text).ToArray(),
            ["tokenizer.ggml.scores"] = model.Scores,
            ["tokenizer.ggml.token_type"] = ids.Select(id => (int)model.Vocabulary.Kind(id)).ToArray(),
            ["tokenizer.ggml.bos_token_id"] = 1u,
            ["tokenizer.ggml.eos_token_id"] = 2u,
            ["tokenizer.ggml.unknown_token_id"] = 0u,
        };
    }

    /// <summary>The tokenizer of GGUF metadata.</summary>
    public static Tokenizer FromMetadata(Dictionary<string, object> values) => Tokenizer.FromGguf(new GgufMetadata("test.gguf", values));
}
