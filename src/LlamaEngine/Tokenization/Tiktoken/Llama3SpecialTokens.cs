using System.Globalization;
using LlamaEngine.Tokenization.Json;

namespace LlamaEngine.Tokenization.Tiktoken;

/// <summary>
/// The 256 special tokens that Llama 3 has behind the ranks of its tokenizer.model, which does not name them. Llama 3.1 gave
/// names to three of the reserved ones; tokenizer_config.json beside the file tells.
/// </summary>
internal static class Llama3SpecialTokens
{
    /// <summary>How many there are.</summary>
    public const int Count = 256;

    /// <summary>The names in the order of their ids.</summary>
    /// <param name="first">The first one's id.</param>
    public static string[] Names(int first, TokenizerConfig config)
    {
        string[] names = new string[Count];
        int reserved = 0;
        for (int i = 0; i < Count; i++)
            names[i] = Name(i) ?? $"<|reserved_special_token_{(reserved++).ToString(CultureInfo.InvariantCulture)}|>";
        for (int i = 0; i < Count; i++)
            names[i] = config.Names.GetValueOrDefault(first + i, names[i]);
        return names;
    }

    private static string? Name(int index) => index switch
    {
        0 => "<|begin_of_text|>",
        1 => "<|end_of_text|>",
        6 => "<|start_header_id|>",
        7 => "<|end_header_id|>",
        9 => "<|eot_id|>",
        _ => null,
    };
}
