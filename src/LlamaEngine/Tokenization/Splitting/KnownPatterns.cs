using LlamaEngine.Tokenization.Splitting.Regex;

namespace LlamaEngine.Tokenization.Splitting;

/// <summary>The split patterns that are written by hand, for speed; others go through <see cref="RegexPattern"/>.</summary>
internal static class KnownPatterns
{
    /// <summary>GPT-2's pattern.</summary>
    public static SplitPattern Gpt2 { get; } = new Gpt2Pattern();

    /// <summary>Llama 3's pattern.</summary>
    public static SplitPattern Llama3 { get; } = new WordPattern(digitsTogether: 3);

    /// <summary>Qwen 2's pattern.</summary>
    public static SplitPattern Qwen2 { get; } = new WordPattern(digitsTogether: 1);

    /// <summary>The pattern that a regular expression describes.</summary>
    /// <exception cref="UnsupportedModelException">It is none of those known, and has something that is not implemented.</exception>
    public static SplitPattern Get(string regex) => regex switch
    {
        Gpt2Pattern.Text => Gpt2,
        WordPattern.Llama3Text => Llama3,
        WordPattern.Qwen2Text => Qwen2,
        _ => new RegexPattern(regex),
    };
}
