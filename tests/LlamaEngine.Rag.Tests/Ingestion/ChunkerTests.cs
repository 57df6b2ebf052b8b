namespace LlamaEngine.Rag.Tests.Ingestion;

public sealed class ChunkerTests
{
    /// <summary>Words, as a simple tokenizer would count them.</summary>
    private static int Words(string text) => text.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries).Length;

    private static DocumentContent Document(params (string Heading, string Text)[] blocks) =>
        new("Title", [.. blocks.Select((block, i) => new TextBlock(block.Text, block.Heading, i + 1))]);

    private static string Sentence(int words, string word = "W") => string.Join(' ', Enumerable.Repeat(word, words - 1).Append("End."));

    [Fact]
    public void Sentences_fill_chunks_to_the_limit_and_are_repeated_up_to_the_overlap()
    {
        // Ten words each: two fit into twenty, one is repeated.
        string[] sentences = [.. Enumerable.Range(0, 4).Select(i => Sentence(10, $"W{i}"))];
        ChunkedDocument document = Chunker.Split(Document(("H", string.Join(' ', sentences))), new ChunkOptions { MaxTokens = 20, OverlapTokens = 10 }, Words);

        Assert.Equal(["0 1", "1 2", "2 3"], document.Chunks.Select(chunk => string.Join(' ', Enumerable.Range(0, 4).Where(i => chunk.Text.Contains($"W{i}")))));
        Assert.All(document.Chunks, chunk => Assert.Equal(20, chunk.Tokens));
        Assert.Equal("Title", document.Title);
    }

    [Theory]
    [InlineData(19, 3)]
    [InlineData(20, 2)]
    [InlineData(29, 2)]
    [InlineData(30, 1)]
    [InlineData(31, 1)]
    public void The_limit_is_exact(int limit, int chunks)
    {
        string text = string.Join(' ', Sentence(10), Sentence(10), Sentence(10));
        Assert.Equal(chunks, Chunker.Split(Document(("", text)), new ChunkOptions { MaxTokens = limit, OverlapTokens = 0 }, Words).Chunks.Count);
    }

    [Fact]
    public void Chunks_do_not_reach_across_headings()
    {
        ChunkedDocument document = Chunker.Split(Document(("A", "One."), ("A", "Two."), ("B", "Three."), ("A", "Four.")), new ChunkOptions(), Words);

        Assert.Equal("One.\n\nTwo.\n\nThree.\n\nFour.", document.Text);
        Assert.Equal(
            [new Chunk("One.\n\nTwo.", "A", 1, 0, 2), new Chunk("Three.", "B", 3, 12, 1), new Chunk("Four.", "A", 4, 20, 1)],
            document.Chunks);
    }

    [Fact]
    public void A_long_sentence_is_cut_between_words_and_a_long_word_between_characters()
    {
        ChunkOptions options = new() { MaxTokens = 16, OverlapTokens = 8 };
        ChunkedDocument words = Chunker.Split(Document(("", "Short one. " + Sentence(50) + " Short two.")), options, Words);
        Assert.All(words.Chunks, chunk => Assert.InRange(chunk.Tokens, 1, 16));
        Assert.Equal(54, words.Chunks.Sum(chunk => chunk.Tokens));
        Assert.Equal(5, words.Chunks.Count);

        string faces = string.Concat(Enumerable.Repeat("😀", 101));
        ChunkedDocument characters = Chunker.Split(Document(("", faces)), options, text => text.Length);
        Assert.Equal(faces, string.Concat(characters.Chunks.Select(chunk => chunk.Text)));
        Assert.All(characters.Chunks, chunk => Assert.True(chunk.Tokens <= 16 && char.IsHighSurrogate(chunk.Text[0])));
    }

    [Fact]
    public void Lines_of_code_are_kept_whole_with_their_indentation()
    {
        string code = string.Join('\n', Enumerable.Range(0, 20).Select(i => $"    line {i} of code."));
        ChunkedDocument document = Chunker.Split(Document(("", code)), new ChunkOptions { MaxTokens = 16, OverlapTokens = 4 }, Words);
        Assert.Equal(7, document.Chunks.Count);
        Assert.All(document.Chunks, chunk => Assert.Matches(@"^    line \d+ of code\.(\n    line \d+ of code\.)*$", chunk.Text));
    }

    [Fact]
    public void Nothing_gives_nothing() => Assert.Empty(Chunker.Split(Document(), new ChunkOptions(), Words).Chunks);

    [Theory]
    [InlineData(15, 0)]
    [InlineData(100_001, 0)]
    [InlineData(100, -1)]
    [InlineData(100, 51)]
    public void Options_outside_their_range_are_refused(int max, int overlap) => Assert.Throws<ArgumentOutOfRangeException>(
        () => Chunker.Split(Document(), new ChunkOptions { MaxTokens = max, OverlapTokens = overlap }, Words));

    [Fact]
    public void A_character_that_does_not_fit_is_an_error_and_no_endless_loop()
    {
        Assert.Throws<ArgumentException>(() => Chunker.Split(Document(("", "a b c")), new ChunkOptions { MaxTokens = 16, OverlapTokens = 0 }, text => 17 * text.Length));
        Assert.Throws<ArgumentException>(() => Chunker.Split(Document(("", "😀😀")), new ChunkOptions { MaxTokens = 16, OverlapTokens = 0 }, text => 17 * text.Length));
    }

    [Fact]
    public void Counting_is_linear_in_the_length()
    {
        (long short_, long long_) = (Counted(200), Counted(20_000));
        Assert.True(long_ <= short_ * 110, $"{long_} characters were counted for a hundred times what took {short_}.");

        static long Counted(int sentences)
        {
            long characters = 0;
            string text = string.Join(' ', Enumerable.Range(0, sentences).Select(i => Sentence(3 + i % 40)));
            Chunker.Split(Document(("", text), ("", new string('x', sentences * 50))), new ChunkOptions(), part =>
            {
                characters += part.Length;
                return Words(part) + part.Length / 20;
            });
            return characters;
        }
    }
}
