using System.Text;
using LlamaEngine.Tokenization.Splitting;
using LlamaEngine.Tokenization.Splitting.Regex;

namespace LlamaEngine.Tests.Tokenization;

public sealed class RegexPatternTests
{
    [Theory]
    [InlineData(Gpt2Pattern.Text)]
    [InlineData(WordPattern.Llama3Text)]
    [InlineData(WordPattern.Qwen2Text)]
    public void Hand_written_patterns_find_what_their_text_says(string pattern)
    {
        var general = new RegexPattern(pattern);
        SplitPattern special = KnownPatterns.Get(pattern);
        Assert.IsNotType<RegexPattern>(special);
        foreach (string text in TextSamples.Make(seed: 5, count: 1500))
            Assert.Equal(Pieces(general, text), Pieces(special, text));
    }

    [Theory]
    [InlineData("(?:a*)*b")]
    [InlineData("(?:a+)+b|(?:a|aa)+c")]
    [InlineData("(?:a?){64}(?:a){64}b")]
    [InlineData("(?:(?:a|b)*c)*d")]
    public void No_pattern_explodes(string pattern)
    {
        string text = new string('a', 3000);
        Assert.Equal([], Pieces(new RegexPattern(pattern), text));
    }

    [Theory]
    [InlineData("a{2,3}", "aaaaa", "aaa aa")]
    [InlineData("a{2,3}?", "aaaaa", "aa aa")]
    [InlineData("a++a|b", "aaab", "b")]
    [InlineData("[^a-c\\]]+", "abcd]e", "d e")]
    [InlineData("x(?=y)|y(?!z)", "xyxzyz", "x y")]
    [InlineData("(?i:ab)", "abABaB", "ab AB aB")]
    [InlineData("\\p{Lu}\\P{Lu}+", "HelloWorld", "Hello World")]
    [InlineData("[\\x{1F600}-\\x{1F64F}]", "a😀b😁", "😀 😁")]
    [InlineData("\\s+$|b", "a  b  ", "b   ")]
    public void Finds_what_the_syntax_means(string pattern, string text, string pieces) =>
        Assert.Equal(pieces, string.Join(' ', Pieces(new RegexPattern(pattern), text)));

    [Theory]
    [InlineData("(?<=a)b")]
    [InlineData("\\bword")]
    [InlineData("^a")]
    [InlineData("(a")]
    [InlineData("a)")]
    [InlineData("[a")]
    [InlineData("a{5,2}")]
    [InlineData("a{1000}")]
    [InlineData("*a")]
    [InlineData("(?:ab)++")]
    [InlineData("(?!ab)")]
    [InlineData("\\p{Han}")]
    [InlineData("\\p{")]
    [InlineData("\\1")]
    [InlineData("[[:alpha:]]")]
    [InlineData("[a&&b]")]
    [InlineData("\\x{110000000}")]
    [InlineData("a\\")]
    [InlineData("(?:(?:(?:a{60}){60}){60})")]
    public void What_is_not_implemented_is_refused(string pattern) =>
        Assert.Contains("split pattern", Assert.Throws<UnsupportedModelException>(() => new RegexPattern(pattern)).Message, StringComparison.Ordinal);

    [Fact]
    public void Any_scrap_of_syntax_is_parsed_or_refused()
    {
        string[] scraps = ["a", "(", ")", "[", "]", "(?:", "(?i:", "(?!", "|", "*", "+", "?", "{", "}", "{1,2}", "\\", "\\p{L}", "\\P", "-", "^", "$", ".", "\\x{", "\uD800", "😀"];
        var random = new Random(6);
        for (int round = 0; round < 5000; round++)
        {
            string pattern = string.Concat(Enumerable.Range(0, random.Next(1, 9)).Select(_ => scraps[random.Next(scraps.Length)]));
            try
            {
                Pieces(new RegexPattern(pattern), "aa-a^ $😀 [x]");
            }
            catch (UnsupportedModelException)
            {
            }
        }
    }

    private static List<string> Pieces(SplitPattern pattern, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        List<string> pieces = [];
        for (int from = 0; pattern.TryFind(bytes, from, out int start, out int end); from = end)
        {
            Assert.True(start >= from && end > start && end <= bytes.Length);
            pieces.Add(Encoding.UTF8.GetString(bytes, start, end - start));
        }
        return pieces;
    }
}
