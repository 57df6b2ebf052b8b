using LlamaEngine.Tokenization;

namespace LlamaEngine.Tests.Tokenization;

/// <summary>Lexicon's tokenizer in all its forms, against lines of Hugging Face's tokenizers that stand in the repository.</summary>
public sealed class LexiconTests
{
    [Theory]
    [InlineData("json")]
    [InlineData("metadata")]
    public void Every_form_gives_what_the_reference_gives(string form)
    {
        Tokenizer tokenizer = form == "json" ? OwnTokenizers.Load("lexicon") : TestFiles.FromMetadata(TestFiles.LexiconMetadata());
        foreach (GoldenLine line in GoldenLine.Read(SharedData.Own("tokenizers", "lexicon", "lines.jsonl")))
        {
            Assert.Equal(line.Ids, tokenizer.Encode(line.Text, line.Special));
            if (line.Decoded is not null)
                Assert.Equal(line.Decoded, tokenizer.Decode(line.Ids));
        }
        Assert.Equal((4091, true, false, 4096), (tokenizer.BosTokenId, tokenizer.AddsBos, tokenizer.AddsEos, tokenizer.VocabularySize));
        Assert.Equal([4091, .. tokenizer.Encode("camera")], tokenizer.EncodeWithRules("camera"));
    }

    [Fact]
    public void Ranks_give_what_merges_give()
    {
        Tokenizer merges = OwnTokenizers.Load("lexicon");
        Tokenizer ranks = OwnTokenizers.Load("ranks");
        foreach (string text in TextSamples.Make(seed: 3, count: 1000))
            Assert.Equal(merges.Encode(text), ranks.Encode(text));
    }

    [Fact]
    public void Llama_3_names_its_special_tokens()
    {
        Tokenizer tokenizer = OwnTokenizers.Load("ranks");
        Assert.Equal(4091 + 256, tokenizer.VocabularySize);
        string[] names = [.. Enumerable.Range(4091, 12).Select(tokenizer.GetToken)];
        Assert.Equal(
            [
                "<|begin_of_text|>", "<|end_of_text|>", "<|reserved_special_token_0|>", "<|reserved_special_token_1|>",
                "<|reserved_special_token_2|>", "<|reserved_special_token_3|>", "<|start_header_id|>", "<|end_header_id|>",
                "<|reserved_special_token_4|>", "<|eot_id|>", "<|reserved_special_token_5|>", "<|reserved_special_token_6|>",
            ],
            names);
        Assert.Equal("<|reserved_special_token_250|>", tokenizer.GetToken(4091 + 255));
        Assert.Equal([4091 + 9], tokenizer.Encode("<|eot_id|>", allowSpecial: true));
        Assert.Equal((4091, true), (tokenizer.BosTokenId, tokenizer.AddsBos));
    }

    [Fact]
    public void The_configuration_beside_a_file_of_ranks_names_more_tokens()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        File.WriteAllBytes(Path.Combine(folder, "tokenizer.model"), TestFiles.RanksFile());
        File.WriteAllText(
            Path.Combine(folder, "tokenizer_config.json"),
            """{"eos_token":{"content":"<|eot_id|>"},"added_tokens_decoder":{"4099":{"content":"<|eom_id|>"}}}""");
        Tokenizer tokenizer = Tokenizer.Load(folder);
        Assert.Equal("<|eom_id|>", tokenizer.GetToken(4099));
        Assert.Equal([4099], tokenizer.Encode("<|eom_id|>", allowSpecial: true));
        Assert.Equal((4091, 4100), (tokenizer.BosTokenId, tokenizer.EosTokenId));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Metadata_give_a_sentencepiece_model_as_well()
    {
        Tokenizer file = OwnTokenizers.Load("pieces");
        Tokenizer metadata = TestFiles.FromMetadata(TestFiles.PiecesMetadata());
        foreach (string text in TextSamples.Make(seed: 4, count: 500))
        {
            int[] ids = file.Encode(text, allowSpecial: true);
            Assert.Equal(ids, metadata.Encode(text, allowSpecial: true));
            Assert.Equal(file.Decode(ids), metadata.Decode(ids));
        }
    }
}
