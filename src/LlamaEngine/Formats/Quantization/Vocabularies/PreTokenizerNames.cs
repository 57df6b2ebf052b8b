using System.Text.Json;
using LlamaEngine.Formats.HuggingFace;

namespace LlamaEngine.Formats.Quantization.Vocabularies;

/// <summary>The names that GGUF has for the ways in which byte-level tokenizers split text (<c>tokenizer.ggml.pre</c>).</summary>
internal static class PreTokenizerNames
{
    private const string Contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|";
    private const string Words = @"[^\r\n\p{L}\p{N}]?\p{L}+|";
    private const string Rest = @"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string Supported = "the splits of Llama 3, Qwen 2, SmolLM and GPT-2";

    /// <summary>Finds the name for a tokenizer.json.</summary>
    /// <exception cref="UnsupportedModelException">GGUF has no name for what it does.</exception>
    public static string Find(JsonElement tokenizer, string file)
    {
        string steps = string.Join(" ", Steps(tokenizer).Select(step => Describe(step, file)));
        return steps switch
        {
            "split " + Contractions + Words + @"\p{N}{1,3}" + Rest + " bytes" => "llama-bpe",
            "split " + Contractions + Words + @"\p{N}" + Rest + " bytes" => "qwen2",
            "digits gpt2" => "smollm",
            "gpt2" => "gpt-2",
            _ => throw new UnsupportedModelException($"pre-tokenizer '{steps}' in a GGUF file ({file})", Supported),
        };
    }

    private static JsonElement[] Steps(JsonElement tokenizer)
    {
        if (!tokenizer.TryGetProperty("pre_tokenizer", out JsonElement step) || step.ValueKind != JsonValueKind.Object)
            return [];
        return step.TryGetProperty("pretokenizers", out JsonElement steps) && steps.ValueKind == JsonValueKind.Array
            ? [.. steps.EnumerateArray()]
            : [step];
    }

    private static string Describe(JsonElement json, string file)
    {
        if (json.ValueKind != JsonValueKind.Object)
            throw new ModelFormatException(file, null, "a pre-tokenizer is no object.");
        var step = new ConfigReader(json, file);
        return step.Text("type") switch
        {
            "Split" when step.Object("pattern")?.Text("Regex") is { } regex && IsolatesMatches(step) => "split " + regex,
            "Digits" when step.Flag("individual_digits") is true => "digits",
            "ByteLevel" when step.Flag("add_prefix_space") is not false => "bytes with a leading space",
            "ByteLevel" => step.Flag("use_regex") is false ? "bytes" : "gpt2",
            var other => other ?? "unnamed",
        };
    }

    private static bool IsolatesMatches(ConfigReader split) => split.Text("behavior") == "Isolated" && split.Flag("invert") is not true;
}
