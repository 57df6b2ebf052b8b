using System.Text;
using LlamaEngine.Tokenization;

namespace LlamaEngine.Tests.Tokenization;

public sealed class TokenizerPropertyTests
{
    [Theory]
    [InlineData("lexicon")]
    [InlineData("ranks")]
    [InlineData("pieces")]
    [InlineData("json pieces")]
    public void Text_survives_encoding_and_decoding(string name)
    {
        Tokenizer tokenizer = OwnTokenizers.Load(name);
        foreach (string text in TextSamples.Make(seed: 1, count: 400))
        {
            // ▁ is SentencePiece's sign for a space and comes back as one.
            string expected = name.EndsWith("pieces", StringComparison.Ordinal) ? text.Replace('▁', ' ') : text;
            Assert.Equal(expected, tokenizer.Decode(tokenizer.Encode(text)));
        }
    }

    [Theory]
    [MemberData(nameof(OwnTokenizers.All), MemberType = typeof(OwnTokenizers))]
    public void Any_ids_stream_to_what_they_decode_to(string name)
    {
        Tokenizer tokenizer = OwnTokenizers.Load(name);
        var random = new Random(2);
        for (int round = 0; round < 1000; round++)
        {
            int[] ids = [.. Enumerable.Range(0, random.Next(12)).Select(_ => RandomId(random, tokenizer))];
            bool skipSpecial = round % 2 == 0;
            TokenDecoder decoder = tokenizer.CreateDecoder(skipSpecial);
            for (int again = 0; again < 2; again++)
            {
                string[] parts = [.. ids.Select(decoder.Append), decoder.Flush()];
                Assert.Equal(tokenizer.Decode(ids, skipSpecial), string.Concat(parts));
                Assert.All(parts, part => Assert.True(IsWhole(part), $"'{part}' has half a character"));
            }
        }
    }

    [Theory]
    [InlineData("lexicon")]
    [InlineData("ranks")]
    [InlineData("pieces")]
    public void A_decoder_holds_back_incomplete_characters_only(string name)
    {
        Tokenizer tokenizer = OwnTokenizers.Load(name);
        foreach (string text in (string[])["camera", "é", "日本", "👩‍👩‍👧", "a\n", "q̃"])
        {
            TokenDecoder decoder = tokenizer.CreateDecoder();
            Assert.Equal(text, string.Concat(tokenizer.Encode(text).Select(decoder.Append)));
            Assert.Equal("", decoder.Flush());
        }
    }

    [Fact]
    public void A_character_in_several_tokens_comes_out_with_the_last_one()
    {
        Tokenizer tokenizer = OwnTokenizers.Load("lexicon");
        int[] ids = tokenizer.Encode("👍");
        Assert.True(ids.Length > 1);
        TokenDecoder decoder = tokenizer.CreateDecoder();
        Assert.All(ids[..^1], id => Assert.Equal("", decoder.Append(id)));
        Assert.Equal("👍", decoder.Append(ids[^1]));
        decoder.Append(ids[0]);
        Assert.Equal("\uFFFD", decoder.Flush());
    }

    [Theory]
    [MemberData(nameof(OwnTokenizers.All), MemberType = typeof(OwnTokenizers))]
    public void Half_a_surrogate_pair_is_a_replacement_character(string name)
    {
        Tokenizer tokenizer = OwnTokenizers.Load(name);
        Assert.Equal(tokenizer.Encode("a\uFFFDb"), tokenizer.Encode("a\uD83Db"));
        Assert.Equal(tokenizer.Encode("\uFFFD\uFFFD"), tokenizer.Encode("\uDC4D\uD83D"));
        Assert.Equal(tokenizer.Encode("a\uFFFD"), tokenizer.Encode("a\uD83D"));
    }

    [Theory]
    [MemberData(nameof(OwnTokenizers.All), MemberType = typeof(OwnTokenizers))]
    public void Every_id_has_text_bytes_and_a_way_back(string name)
    {
        Tokenizer tokenizer = OwnTokenizers.Load(name);
        for (int id = 0; id < tokenizer.VocabularySize; id++)
        {
            Assert.True(tokenizer.TryGetId(tokenizer.GetToken(id), out int found));
            Assert.Equal(tokenizer.GetToken(id), tokenizer.GetToken(found));
            // Decoded behind a letter, a token says its bytes: no prefix is dropped there.
            if (tokenizer.Encode("a")[^1] is var letter && Encoding.UTF8.GetString(tokenizer.GetBytes(id)) is var text && !text.Contains('\uFFFD'))
                Assert.Equal(tokenizer.Decode([letter]) + text, tokenizer.Decode([letter, id]));
        }
    }

    [Theory]
    [MemberData(nameof(OwnTokenizers.All), MemberType = typeof(OwnTokenizers))]
    public void Ids_outside_the_vocabulary_are_refused(string name)
    {
        Tokenizer tokenizer = OwnTokenizers.Load(name);
        foreach (int id in (int[])[-1, tokenizer.VocabularySize, int.MaxValue, int.MinValue])
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.Decode([id]));
            Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.CreateDecoder().Append(id));
            Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.GetToken(id));
            Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.IsSpecial(id));
            Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.GetBytes(id).Length);
        }
    }

    [Theory]
    [InlineData("lexicon")]
    [InlineData("ranks")]
    [InlineData("pieces")]
    [InlineData("json pieces")]
    public void Words_without_an_end_survive(string name)
    {
        Tokenizer tokenizer = OwnTokenizers.Load(name);
        foreach (string unit in (string[])["a", " ", "\n", "ab", "中", "<"])
        {
            string text = string.Concat(Enumerable.Repeat(unit, 50_000));
            Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text)));
        }
    }

    private static int RandomId(Random random, Tokenizer tokenizer) =>
        // Byte tokens and special ones are rare but interesting; they stand at the start or at the end of a vocabulary.
        random.Next(3) switch
        {
            0 => random.Next(Math.Min(270, tokenizer.VocabularySize)),
            1 => tokenizer.VocabularySize - 1 - random.Next(Math.Min(270, tokenizer.VocabularySize)),
            _ => random.Next(tokenizer.VocabularySize),
        };

    private static bool IsWhole(string text) => Encoding.Unicode.GetString(Encoding.Unicode.GetBytes(text)) == text;
}
