using System.Text;
using LlamaEngine.Tokenization;

namespace LlamaEngine.Rag.Tests.Ingestion;

/// <summary>What holds for every document, limit and tokenizer.</summary>
public sealed class ChunkerPropertyTests
{
    private static readonly string[] Parts =
        ["word", "Word", "lighthouse", "Mr.", "e.g.", ".", "!", "?", "…", "。", ",", "3.5", "<|eot_id|>", "😀", "灯台", "é", "\"", "(", ")", "x", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"];

    [Fact]
    public void Simple_counts() => Check(400, text => text.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries).Length, additive: true);

    [Fact]
    public void Bytes() => Check(400, text => (Encoding.UTF8.GetByteCount(text) + 2) / 3, additive: false);

    [Fact]
    public void The_demo_models_tokenizer()
    {
        Tokenizer tokenizer = Tokenizer.Load(Path.Combine(AppContext.BaseDirectory, "models", "lexicon-5m-q8_0.gguf"));
        Check(100, text => tokenizer.Encode(text).Length, additive: false);
    }

    private static void Check(int rounds, Func<string, int> count, bool additive)
    {
        Random random = new(11);
        for (int round = 0; round < rounds; round++)
        {
            DocumentContent document = RandomDocument(random);
            int max = random.Next(16, 70);
            ChunkOptions options = new() { MaxTokens = max, OverlapTokens = random.Next(0, max / 2 + 1) };
            Check(document, Chunker.Split(document, options, count), options, count, additive);
        }
    }

    private static DocumentContent RandomDocument(Random random)
    {
        List<TextBlock> blocks = [];
        string heading = "";
        for (int i = random.Next(0, 12); i > 0; i--)
        {
            if (random.Next(4) == 0)
                heading = $"H{random.Next(3)}";
            StringBuilder text = new("a");
            bool code = random.Next(6) == 0;
            for (int words = random.Next(0, 120); words > 0; words--)
            {
                if (random.Next(5) > 0)
                    text.Append(code && random.Next(6) == 0 ? '\n' : ' ');
                text.Append(Parts[random.Next(Parts.Length)]);
            }
            blocks.Add(new TextBlock(text.ToString().Trim(), heading, blocks.Count * 3 + 1));
        }
        return new DocumentContent("T", blocks);
    }

    private static void Check(DocumentContent document, ChunkedDocument result, ChunkOptions options, Func<string, int> count, bool additive)
    {
        Assert.Equal(string.Join("\n\n", document.Blocks.Select(block => block.Text)), result.Text);
        int covered = 0;
        Chunk? last = null;
        foreach (Chunk chunk in result.Chunks)
        {
            int end = chunk.Start + chunk.Text.Length;
            Assert.Equal(result.Text.Substring(chunk.Start, chunk.Text.Length), chunk.Text);
            Assert.Equal(count(chunk.Text), chunk.Tokens);
            Assert.InRange(chunk.Tokens, 1, options.MaxTokens);
            Assert.False(char.IsLowSurrogate(chunk.Text[0]) || char.IsHighSurrogate(chunk.Text[^1]));
            Assert.True(string.IsNullOrWhiteSpace(result.Text[covered..Math.Max(covered, chunk.Start)]), "Something is in no chunk.");
            Assert.True(end > covered, "A chunk has nothing new.");
            if (last is not null)
            {
                Assert.True(chunk.Start > last.Start);
                CheckOverlap(document, result, last, chunk, options, count);
                if (additive)
                    CheckFull(document, result, last, options, count);
            }

            TextBlock[] inside = BlocksOf(document, chunk.Start, end);
            Assert.All(inside, block => Assert.Equal(chunk.Heading, block.Heading));
            Assert.Equal(inside[0].Line, chunk.Line);
            (covered, last) = (end, chunk);
        }
        Assert.True(string.IsNullOrWhiteSpace(result.Text[covered..]), "The end is in no chunk.");
    }

    /// <summary>What two chunks share keeps the limit and consists of whole sentences.</summary>
    private static void CheckOverlap(DocumentContent document, ChunkedDocument result, Chunk last, Chunk chunk, ChunkOptions options, Func<string, int> count)
    {
        int end = last.Start + last.Text.Length;
        if (chunk.Start >= end)
            return;
        Assert.Equal(last.Heading, chunk.Heading);
        Assert.InRange(count(result.Text[chunk.Start..end]), 1, options.OverlapTokens);
        List<(int Start, int End)> sentences = Sentences(document);
        Assert.Contains(sentences, sentence => sentence.Start == chunk.Start);
        Assert.Contains(sentences, sentence => sentence.End == end);
    }

    /// <summary>The next sentence would not have fitted.</summary>
    private static void CheckFull(DocumentContent document, ChunkedDocument result, Chunk chunk, ChunkOptions options, Func<string, int> count)
    {
        int end = chunk.Start + chunk.Text.Length;
        (int Start, int End) next = Sentences(document).FirstOrDefault(sentence => sentence.Start >= end);
        if (next.End == 0 || BlocksOf(document, next.Start, next.End)[0].Heading != chunk.Heading || BlocksOf(document, 0, next.Start + 1).Any(Between))
            return;
        if (Sentences(document).Any(sentence => sentence.Start < end && sentence.End > end))
            return;
        Assert.True(chunk.Tokens + count(result.Text[next.Start..next.End]) > options.MaxTokens, "The next sentence would have fitted.");

        bool Between(TextBlock block) => block.Line > chunk.Line && block.Heading != chunk.Heading;
    }

    private static TextBlock[] BlocksOf(DocumentContent document, int start, int end) =>
        [.. Positions(document).Where(item => item.Start < end && item.Start + item.Block.Text.Length > start).Select(item => item.Block)];

    private static IEnumerable<(int Start, TextBlock Block)> Positions(DocumentContent document)
    {
        int start = 0;
        foreach (TextBlock block in document.Blocks)
        {
            yield return (start, block);
            start += block.Text.Length + 2;
        }
    }

    private static List<(int Start, int End)> Sentences(DocumentContent document)
    {
        List<(int, int)> sentences = [];
        foreach ((int start, TextBlock block) in Positions(document))
        {
            if (!block.Text.Contains('\n'))
            {
                sentences.AddRange(SentenceSplitter.Split(block.Text).Select(range => (start + range.Start.Value, start + range.End.Value)));
                continue;
            }
            int at = start;
            foreach (string line in block.Text.Split('\n'))
            {
                if (line.Trim().Length > 0)
                    sentences.Add((at, at + line.Length));
                at += line.Length + 1;
            }
        }
        return sentences;
    }
}
