using System.Collections.Frozen;
using System.Collections.Immutable;

namespace LlamaEngine.Formats.Gguf;

/// <summary>Ids that end a reply: end of sequence, of turn, of message.</summary>
internal static class GgufEndTokens
{
    private const int ControlToken = 3;

    private static readonly ImmutableArray<string> s_keys =
        ["tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"];

    /// <summary>Control tokens that end a turn whatever the keys say: many files name only the end of the sequence.</summary>
    private static readonly FrozenSet<string> s_names = FrozenSet.Create(StringComparer.Ordinal,
        "</s>", "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "<|endoftext|>", "<|im_end|>", "<|end|>", "<end_of_turn>");

    /// <summary>Reads the ids, each once: first those the keys name, then those known by their text.</summary>
    public static ImmutableArray<int> Read(GgufMetadata metadata, int vocabularySize)
    {
        // A key may hold "none" (all bits set) or an id that the model cannot produce.
        IEnumerable<int> named = s_keys.Select(metadata.GetInteger).Where(id => id >= 0 && id < vocabularySize).Select(id => (int)id!);
        return [.. named.Concat(KnownByText(metadata)).Distinct()];
    }

    private static IEnumerable<int> KnownByText(GgufMetadata metadata)
    {
        if (metadata.GetStrings("tokenizer.ggml.tokens") is not { } tokens || metadata.GetInts("tokenizer.ggml.token_type") is not { } types)
            yield break;
        for (int id = 0; id < Math.Min(tokens.Length, types.Length); id++)
        {
            if (types[id] == ControlToken && s_names.Contains(tokens[id]))
                yield return id;
        }
    }
}
