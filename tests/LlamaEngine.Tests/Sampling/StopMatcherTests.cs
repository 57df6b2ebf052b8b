using System.Text;
using LlamaEngine.Sampling;

namespace LlamaEngine.Tests.Sampling;

public class StopMatcherTests
{
    [Fact]
    public void Random_texts_in_random_pieces_agree_with_a_search_of_the_whole()
    {
        var random = new Random(3);
        for (int round = 0; round < 20_000; round++)
        {
            string[] stops = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => Text(random, random.Next(1, 6)))];
            string text = Text(random, random.Next(0, 30));
            var matcher = new StopMatcher([.. stops]);
            var emitted = new StringBuilder();
            for (int at = 0, length; at < text.Length; at += length)
            {
                length = Math.Min(random.Next(0, 6), text.Length - at);
                emitted.Append(matcher.Append(text.Substring(at, length)));
                AssertHoldsBackOnlyWhatItMust(stops, text[..(at + length)], emitted.ToString(), matcher.Matched);
            }
            emitted.Append(matcher.Flush());
            (string expected, bool matched) = Search(stops, text);
            Assert.Equal((expected, matched), (emitted.ToString(), matcher.Matched));
        }
    }

    [Theory]
    [InlineData(new[] { "abcd", "bc" }, new[] { "xab", "cd" }, "xa")]
    [InlineData(new[] { "bc", "abc" }, new[] { "xabc" }, "x")]
    [InlineData(new[] { "</s>", "<|end|>" }, new[] { "a <", "|", "en", "d|>b" }, "a ")]
    [InlineData(new[] { "aab" }, new[] { "a", "a", "a", "a", "b" }, "aa")]
    [InlineData(new[] { "😀!" }, new[] { "x😀", "😀", "!" }, "x😀")]
    public void Stop_strings_across_pieces_are_cut_off(string[] stops, string[] pieces, string expected)
    {
        var matcher = new StopMatcher([.. stops]);
        Assert.Equal(expected, string.Concat(pieces.Select(matcher.Append)));
        Assert.True(matcher.Matched);
        Assert.Equal("", matcher.Append("more"));
        Assert.Equal("", matcher.Flush());
    }

    [Fact]
    public void What_was_held_back_comes_at_the_end_once()
    {
        var matcher = new StopMatcher(["stop"]);
        Assert.Equal("a ", matcher.Append("a st"));
        Assert.Equal("", matcher.Append("o"));
        Assert.Equal("sto", matcher.Flush());
        Assert.Equal("", matcher.Flush());
        Assert.Equal("p", matcher.Append("p"));
        Assert.False(matcher.Matched);
    }

    [Fact]
    public void A_text_made_to_fall_back_all_the_time_takes_linear_time()
    {
        var matcher = new StopMatcher([new string('a', 20_000) + "b"]);
        string emitted = matcher.Append(new string('a', 200_000));
        Assert.Equal(180_000, emitted.Length);
        Assert.Equal("", matcher.Append("b"));
        Assert.True(matcher.Matched);
    }

    private static string Text(Random random, int length) => string.Concat(Enumerable.Range(0, length).Select(_ => "abc"[random.Next(3)]));

    // As if the text came character by character.
    private static (string Text, bool Matched) Search(string[] stops, string text)
    {
        for (int end = 1; end <= text.Length; end++)
        {
            string[] found = [.. stops.Where(stop => text[..end].EndsWith(stop, StringComparison.Ordinal))];
            if (found.Length > 0)
                return (text[..(end - found.Max(stop => stop.Length))], true);
        }
        return (text, false);
    }

    private static void AssertHoldsBackOnlyWhatItMust(string[] stops, string text, string emitted, bool matched)
    {
        if (matched)
            return;
        Assert.StartsWith(emitted, text, StringComparison.Ordinal);
        string held = text[emitted.Length..];
        Assert.True(held.Length == 0 || stops.Any(stop => stop.StartsWith(held, StringComparison.Ordinal)), $"'{held}' need not be held back");
        for (int longer = 1; longer <= emitted.Length; longer++)
            Assert.DoesNotContain(stops, stop => stop.StartsWith(text[(emitted.Length - longer)..], StringComparison.Ordinal));
    }
}
