using LlamaEngine.Tokenization.Splitting;

namespace LlamaEngine.Tokenization.Gguf;

/// <summary>
/// The pre-tokenizers that GGUF names in <c>tokenizer.ggml.pre</c>. The file gives no pattern; a name stands for those of the
/// model's own tokenizer.json.
/// </summary>
internal static class GgufPreTokenizers
{
    private const string Tekken =
        @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string DeepSeek3Words =
        @"[!""#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>Makes the pre-tokenizers of a name.</summary>
    /// <exception cref="UnsupportedModelException">The name is not known here.</exception>
    public static PreTokenizer[] Get(string? name) => name switch
    {
        _ when IsLlama3(name) => Isolated(KnownPatterns.Llama3),
        "dbrx" or "smaug-bpe" or "chatglm-bpe" => Isolated(KnownPatterns.Llama3),
        "qwen2" or "deepseek-r1-qwen" or "megrez" or "stablelm2" or "hunyuan" or "solar-open" => Isolated(KnownPatterns.Qwen2),
        "smollm" or "starcoder" or "refact" or "command-r" or "codeshell" or "exaone" or "minerva-7b" =>
            Isolated(new NumericPattern(), KnownPatterns.Gpt2),
        "gpt-2" or "gpt2" or "phi-2" or "jina-es" or "jina-de" or "mpt" or "olmo" or "trillion" => Isolated(KnownPatterns.Gpt2),
        "tekken" => Isolated(KnownPatterns.Get(Tekken)),
        "deepseek-coder" => Isolated(@"[\r\n]", @"\s?\p{L}+", @"\s?\p{P}+", "[一-龥ࠀ-一가-퟿]+", @"\p{N}"),
        "deepseek-v3" => Isolated(@"\p{N}{1,3}", "[一-龥぀-ゟ゠-ヿ]+", DeepSeek3Words),
        // What llama.cpp does with files that name no pre-tokenizer, made before there were names.
        "default" or null => Isolated(@"[\p{P}\$\+<=>\^~\|]+", Gpt2Pattern.Text, @"\p{N}+", "[0-9][0-9][0-9]"),
        _ => throw new UnsupportedModelException(
            $"the pre-tokenizer '{name}' (tokenizer.ggml.pre)",
            "llama-bpe, llama3, qwen2, smollm, gpt-2, tekken, deepseek-coder, deepseek-v3, default and their aliases"),
    };

    /// <summary>Llama 3's own pre-tokenizer and those that are the same.</summary>
    public static bool IsLlama3(string? name) =>
        name is "llama3" or "llama-v3" or "llama-bpe" or "falcon3" or "falcon-h1" or "pixtral" or "midm-2.0" or "lfm2";

    /// <summary>A word that is a token is taken as it is, and BOS stands in front where the file does not say.</summary>
    public static bool IgnoresMerges(string? name) => IsLlama3(name) || name == "tekken";

    private static PreTokenizer[] Isolated(params string[] patterns) => Isolated([.. patterns.Select(KnownPatterns.Get)]);

    private static PreTokenizer[] Isolated(params SplitPattern[] patterns) =>
        [.. patterns.Select(pattern => new SplitPreTokenizer(pattern, SplitBehavior.Isolated))];
}
