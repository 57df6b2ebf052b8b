using System.Text.RegularExpressions;
using LlamaEngine.Sampling.Structured.Text;

namespace LlamaEngine.Tests.Sampling.Structured;

public class PatternTests
{
    [Fact]
    public void Random_patterns_match_as_in_another_engine()
    {
        var random = new Random(1);
        int matched = 0;
        for (int i = 0; i < 800; i++)
        {
            string pattern = Choice(3);
            CharDfa dfa = PatternCompiler.Compile(pattern);
            var oracle = new Regex(pattern.Replace("$", "\\z", StringComparison.Ordinal).Replace("+?", "+", StringComparison.Ordinal), RegexOptions.NonBacktracking);
            for (int k = 0; k < 20; k++)
            {
                string text = string.Concat(Enumerable.Range(0, random.Next(7)).Select(_ => "abc1-_"[random.Next(6)]));
                bool expected = oracle.IsMatch(text);
                matched += expected ? 1 : 0;
                Assert.True(expected == (dfa.Match(text) >= 0), $"/{pattern}/ on '{text}' should be {expected}");
            }
        }
        Assert.InRange(matched, 2_500, 14_000);

        string Choice(int depth) => random.Next(4) == 0 ? $"{Sequence(depth)}|{Sequence(depth)}" : Sequence(depth);

        string Sequence(int depth) =>
            (random.Next(4) == 0 ? "^" : "") + string.Concat(Enumerable.Range(0, random.Next(4)).Select(_ => Item(depth))) + (random.Next(4) == 0 ? "$" : "");

        string Item(int depth)
        {
            string item = random.Next(depth > 0 ? 9 : 7) switch
            {
                0 => "[ab]",
                1 => "[^a-b1]",
                2 => "\\d",
                3 => "\\W",
                4 => ".",
                5 => "\\-",
                6 => "b",
                7 => $"({Choice(depth - 1)})",
                _ => $"(?:{Choice(depth - 1)})",
            };
            return item + random.Next(10) switch
            {
                0 => "*",
                1 => "+?",
                2 => "?",
                3 => "{2}",
                4 => "{1,}",
                5 => "{0,2}",
                _ => "",
            };
        }
    }

    [Theory]
    [InlineData("^\\u00e9\\x41\\cJ$", "éA\n")]
    [InlineData("^[\\u{1F600}-\\u{1F64F}]$", "😀")]
    [InlineData("^\\uD83D\\uDE00$", "😀")]
    [InlineData("^.$", "😀")]
    [InlineData("^[\\w.\\-]+@[\\w.-]+$", "a.b-c@d.e")]
    [InlineData("^(?<year>\\d{4})-\\d\\d$", "2024-01")]
    [InlineData("^[^]$", "x")]
    [InlineData("^\\s$", "\u2003")]
    [InlineData("", "anything")]
    [InlineData("^(((((){9999}){9999}){9999}){9999}a){2}$", "aa")] // would take years, were the empty text repeated
    public void Forms_that_are_supported(string pattern, string match) => Assert.True(PatternCompiler.Compile(pattern).Match(match) >= 0);

    [Theory]
    [InlineData("^[]$", "")]
    [InlineData("a$b", "a$b")]
    [InlineData("^a$", "a\n")]
    [InlineData("^.$", "\u2028")]
    [InlineData("^\\d$", "\u0663")]
    public void Texts_that_do_not_match(string pattern, string text) => Assert.True(PatternCompiler.Compile(pattern).Match(text) < 0);

    [Theory]
    [InlineData("(?=a)", "look-around")]
    [InlineData("(?<!a)b", "look-around")]
    [InlineData("(a)\\1", "back-references")]
    [InlineData("\\k<a>", "back-references")]
    [InlineData("\\bword", "word boundaries")]
    [InlineData("\\p{L}", "Unicode properties")]
    [InlineData("(a", "not closed")]
    [InlineData("a)", "closes nothing")]
    [InlineData("[a", "ends too early")]
    [InlineData("a**", "repeated")]
    [InlineData("*a", "repeats nothing")]
    [InlineData("a{2,1}", "repetition")]
    [InlineData("a{x}", "repetition")]
    [InlineData("[b-a]", "out of order")]
    [InlineData("\\y", "unknown")]
    [InlineData("\\uD800", "surrogate")]
    [InlineData("((((a{99}){99}){99}){99})", "too large")]
    [InlineData("[ab]*a[ab]{14}$", "too many states")]
    public void What_is_not_regular_or_not_supported_is_refused(string pattern, string reason) =>
        Assert.Contains(reason, Assert.Throws<PatternException>(() => PatternCompiler.Compile(pattern)).Message, StringComparison.Ordinal);
}
