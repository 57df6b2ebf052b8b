using System.Collections.Immutable;
using LlamaEngine.Formats;
using LlamaEngine.Tokenization;

namespace LlamaEngine.Models;

/// <summary>Which tokens end a reply: what the file says, and the end-of-turn tokens that model families share.</summary>
/// <remarks>
/// Files often name only one of several: a Llama 3 file says end_of_text although turns end with eot_id. So every special
/// token whose text is known to end a turn counts, as llama.cpp does it too.
/// </remarks>
internal static class EndTokens
{
    private static readonly ImmutableArray<string> s_names =
    [
        "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "<|im_end|>", "<|endoftext|>", "<|end|>", "<|end_of_turn|>", "<end_of_turn>", "</s>",
    ];

    /// <summary>The ids, ascending.</summary>
    public static ImmutableArray<int> Find(ModelFile file, Tokenizer? tokenizer)
    {
        var ids = new SortedSet<int>(file.EndTokenIds);
        if (tokenizer is not null)
        {
            if (tokenizer.EosTokenId is { } eos)
                ids.Add(eos);
            foreach (string name in s_names)
            {
                if (tokenizer.TryGetId(name, out int id) && tokenizer.IsSpecial(id))
                    ids.Add(id);
            }
        }
        ids.RemoveWhere(id => id < 0 || id >= file.Configuration.VocabularySize);
        return [.. ids];
    }
}
