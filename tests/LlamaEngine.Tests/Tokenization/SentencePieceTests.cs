using System.Text;
using System.Text.Json;
using LlamaEngine.Tokenization;

namespace LlamaEngine.Tests.Tokenization;

/// <summary>
/// Small models of our own, trained by SentencePiece 0.1.97 on WordNet's words, with what its tools made of texts and ids:
/// a is like Llama 2's with user-defined symbols and digits apart; b rewrites characters, removes extra spaces and has no bytes;
/// c has spaces behind the words; d has no dummy prefix and pieces across words; e is a with a third of its pieces unused.
/// </summary>
public sealed class SentencePieceTests
{
    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    [InlineData("c")]
    [InlineData("d")]
    [InlineData("e")]
    public void A_model_gives_what_the_reference_gives(string name)
    {
        Tokenizer tokenizer = Tokenizer.Load(SharedData.Own("tokenizers", "sentencepiece", name + ".model"));
        var differences = new StringBuilder();
        foreach (JsonElement line in ReadLines(name))
        {
            int[] ids = [.. line.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
            string decoded = line.GetProperty("decoded").GetString()!;
            if (tokenizer.Decode(ids) is var ours && ours != decoded)
                differences.AppendLine($"{string.Join(' ', ids)} decode to '{ours}', not '{decoded}'");
            if (!line.TryGetProperty("text", out JsonElement text))
                continue;
            if (tokenizer.Encode(text.GetString()) is var encoded && !encoded.SequenceEqual(ids))
                differences.AppendLine($"'{text}' gives {string.Join(' ', encoded)}, not {string.Join(' ', ids)}");
        }
        Assert.True(differences.Length == 0, differences.ToString());
    }

    [Fact]
    public void Control_pieces_are_recognized_on_demand_only()
    {
        Tokenizer tokenizer = Tokenizer.Load(SharedData.Own("tokenizers", "sentencepiece", "a.model"));
        Assert.True(tokenizer.TryGetId("<ctl>", out int control));
        Assert.True(tokenizer.IsSpecial(control));
        int[] plain = tokenizer.Encode("area<ctl>area");
        int[] special = tokenizer.Encode("area<ctl>area", allowSpecial: true);
        Assert.DoesNotContain(control, plain);
        Assert.Equal("area<ctl>area", tokenizer.Decode(plain));
        Assert.Equal([.. tokenizer.Encode("area"), control, .. tokenizer.Encode("area")], special);
    }

    [Fact]
    public void Bos_and_eos_come_from_the_model()
    {
        Tokenizer tokenizer = Tokenizer.Load(SharedData.Own("tokenizers", "sentencepiece", "a.model"));
        Assert.Equal((1, 2, true, false), (tokenizer.BosTokenId, tokenizer.EosTokenId, tokenizer.AddsBos, tokenizer.AddsEos));
        Assert.Equal([1, .. tokenizer.Encode("area")], tokenizer.EncodeWithRules("area"));
    }

    private static IEnumerable<JsonElement> ReadLines(string model) =>
        File.ReadLines(SharedData.Own("tokenizers", "sentencepiece", "golden.jsonl"))
            .Select(line => JsonDocument.Parse(line).RootElement)
            .Where(line => line.GetProperty("model").GetString() == model);
}
