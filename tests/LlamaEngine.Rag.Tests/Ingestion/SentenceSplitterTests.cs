namespace LlamaEngine.Rag.Tests.Ingestion;

public sealed class SentenceSplitterTests
{
    private static string[] Split(string text) => [.. SentenceSplitter.Split(text).Select(range => text[range])];

    /// <summary>'¦' stands where a sentence has to end; everything else has to stay together.</summary>
    [Theory]
    [InlineData("One sentence")]
    [InlineData("It was built in 1871.¦ It is red.¦ It stands still!")]
    [InlineData("Really?¦ Yes.¦ No?!¦ Well...¦ Perhaps…¦ Enough")]
    [InlineData("Mr. Brown met Mrs. Gray and Dr. White at St. Anne's.¦ They left.")]
    [InlineData("Use a tool, e.g. a saw, i.e. something sharp.¦ Then stop.")]
    [InlineData("Some tools, e.g. Saws, are sharp.¦ Done.")]
    [InlineData("J. R. Smith and John F. Kennedy met G. K. Chesterton.¦ They talked.")]
    [InlineData("Oranges have vitamin C. ¦They are round.¦ So am I.¦ Good.")]
    [InlineData("It costs 3.5 crowns.¦ Version 2.¦ Nothing more.")]
    [InlineData("Install v1.2 first.¦ Then open http://example.org/a.b?c=d.e or llama.cpp itself.¦ Done.")]
    [InlineData("Well... maybe not.¦ Or ... so.¦ And then . . . nothing.¦ Good.")]
    [InlineData("“Stop!” he said.¦ “I will not.”¦ (He did not.)¦ 'Why?'¦ He left.")]
    [InlineData("\"Is it?\" she asked.¦ \"It is.\"¦ She left.")]
    [InlineData("See No. 5 and Fig. 3, pp. 7 to 9.¦ No. ¦It is not there.")]
    [InlineData("He lives in the U.S. ¦The house is small.¦ The U.S. Navy is not.¦ (The U.S.) Navy ships sail.")]
    [InlineData("It opens at 9 a.m. ¦Mary comes at 5 p.m. on Fridays.¦ All go.")]
    [InlineData("Apples, pears, etc. ¦Nothing else.¦ Apples, pears, etc. are fruit.")]
    [InlineData("Born on Jan. 5, he died in Dec. 1871.¦ He was old.")]
    [InlineData("1. Open the box.¦ 2. Close it.¦ B. Gently.¦ 2.3. Twice.¦\n\na. Always.")]
    [InlineData("Shown by Smith et al. (2001) before.¦ Acme Inc. Germany agreed.¦ So did Acme Ltd. ¦They sold it.")]
    [InlineData("A fact.[1]¦ Another one.[2][17]¦ An index a.[1] b is none.")]
    [InlineData("灯台は赤い。¦高さは３．５メートル。¦「本当？」¦はい！")]
    [InlineData("See the manual.¦ 40 people came.¦ Ask llama.cpp about it.¦ (Or not.)¦ [Or so.]")]
    [InlineData("It ends here entirely.¦ npm installs the rest, approx. half of it.")]
    [InlineData("Was it so ?¦ Yes !¦ Good .")]
    [InlineData("First block without a stop¦\n\nSecond block¦\n \t\r\nThird, wrapped\nonce. ¦\n\nMr.¦\n\nBrown")]
    [InlineData("<|eot_id|> is text.¦ <|start_header_id|>system<|end_header_id|> too.")]
    public void Sentences_end_where_a_reader_would_say(string marked)
    {
        string[] expected = [.. marked.Split('¦').Select(part => part.Trim())];

        Assert.Equal(expected, Split(marked.Replace("¦", "", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData(" \r\n\r\n\t ")]
    public void White_space_has_no_sentences(string text) => Assert.Empty(SentenceSplitter.Split(text));

    [Fact]
    public void Whatever_the_text_sentences_are_in_order_trimmed_and_cover_it()
    {
        string[] parts = [".", "!", "?", "…", "。", " ", "\n", "\n\n", "\"", "(", ")", "[1]", "Mr", "e.g", "A", "b", "The", "word", "3", "５", "．", "😀", "\u00a0"];
        Random random = new(7);
        for (int round = 0; round < 3000; round++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(1, 40)).Select(_ => parts[random.Next(parts.Length)]));
            int at = 0;
            foreach (Range range in SentenceSplitter.Split(text))
            {
                (int start, int length) = range.GetOffsetAndLength(text.Length);
                Assert.True(string.IsNullOrWhiteSpace(text[at..start]), text);
                Assert.True(length > 0 && text[range] == text[range].Trim(), text);
                Assert.DoesNotContain("\n\n", text[range]);
                at = start + length;
            }
            Assert.True(string.IsNullOrWhiteSpace(text[at..]), text);
        }
    }
}
