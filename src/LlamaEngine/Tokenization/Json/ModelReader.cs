using System.Text;
using System.Text.Json;
using LlamaEngine.Tokenization.Decoding;
using LlamaEngine.Tokenization.Merging;
using LlamaEngine.Tokenization.Splitting;
using LlamaEngine.Tokenization.Vocabularies;

namespace LlamaEngine.Tokenization.Json;

/// <summary>Reads <c>model</c> of tokenizer.json: vocabulary and merges.</summary>
internal static class ModelReader
{
    /// <summary>Reads the vocabulary; all tokens are normal so far.</summary>
    public static Vocabulary ReadVocabulary(JsonField model)
    {
        RefuseWhatIsNotPlain(model);
        JsonField tokens = model.Required("vocab");
        var vocabulary = new Vocabulary(tokens.Members().Count());
        foreach (JsonProperty token in tokens.Members())
        {
            if (!token.Value.TryGetInt32(out int id) || !vocabulary.TrySet(id, token.Name, TokenKind.Normal))
                throw tokens.Wrong($"gives token '{token.Name}' the id {token.Value}, which cannot be");
        }
        return vocabulary;
    }

    /// <summary>Makes the model.</summary>
    /// <param name="vocabulary">What <see cref="ReadVocabulary"/> read, before tokens were added to it.</param>
    /// <param name="isByteLevel">The tokens are written in GPT-2's alphabet.</param>
    public static BytePairModel ReadModel(JsonField model, Vocabulary vocabulary, bool isByteLevel)
    {
        TokenTable tokens = MakeTable(vocabulary, isByteLevel, out bool wordsStandAlone);
        bool ignoresMerges = model.FlagOf("ignore_merges", false);
        return new BytePairModel(new BytePairParts
        {
            Tokens = tokens,
            Pairs = ReadMerges(model.Required("merges"), vocabulary),
            VocabularySize = vocabulary.Count,
            StartsFromBytes = isByteLevel,
            IgnoresMerges = ignoresMerges,
            ByteTokens = model.FlagOf("byte_fallback", false) ? FindByteTokens(vocabulary) : null,
            UnknownId = model["unk_token"] is { } unknown && vocabulary.TryGetId(unknown.AsText(), out int id) ? id : null,
            FusesUnknown = model.FlagOf("fuse_unk", false),
            WordsStandAlone = wordsStandAlone && !isByteLevel && !ignoresMerges,
        });
    }

    private static void RefuseWhatIsNotPlain(JsonField model)
    {
        string type = model["type"]?.AsText() ?? "BPE";
        if (type != "BPE")
            throw JsonField.Unsupported($"model type '{type}'", "BPE");
        foreach (string name in (ReadOnlySpan<string>)["continuing_subword_prefix", "end_of_word_suffix"])
        {
            if (model[name]?.AsText() is { Length: > 0 } affix)
                throw JsonField.Unsupported($"{name} '{affix}'", "models without it");
        }
        if (model["dropout"] is { } dropout && dropout.Element is { ValueKind: JsonValueKind.Number } rate && rate.GetDouble() != 0)
            throw JsonField.Unsupported($"dropout {rate}", "models that always tokenize the same way");
    }

    private static TokenTable MakeTable(Vocabulary vocabulary, bool isByteLevel, out bool wordsStandAlone)
    {
        // Without a token for ▁ itself an unknown character could reach across it.
        wordsStandAlone = vocabulary.TryGetId("\u2581", out _);
        var table = new TokenTable(vocabulary.Count);
        for (int id = 0; id < vocabulary.Count; id++)
        {
            string text = vocabulary.Text(id);
            byte[]? bytes = isByteLevel ? ByteLevelAlphabet.TryGetBytes(text) : Encoding.UTF8.GetBytes(text);
            if (bytes is not { Length: > 0 })
                continue;
            table.TryAdd(bytes, id);
            wordsStandAlone &= SpaceSignWords.Allows(bytes);
        }
        return table;
    }

    private static PairRanks ReadMerges(JsonField merges, Vocabulary vocabulary)
    {
        var reader = new MergeReader(merges.File, vocabulary, merges.Element.ValueKind == JsonValueKind.Array ? merges.Element.GetArrayLength() : 0);
        foreach (JsonField merge in merges.Items())
        {
            if (merge.IsText)
            {
                reader.Add(merge.AsText());
                continue;
            }
            if (!merge.IsArray || merge.Element.GetArrayLength() != 2)
                throw merge.Wrong("is neither 'a b' nor a pair");
            reader.Add(merge.Items().First().AsText(), merge.Items().Last().AsText());
        }
        return reader.Pairs;
    }

    private static int[] FindByteTokens(Vocabulary vocabulary)
    {
        int[] ids = new int[256];
        for (int value = 0; value < 256; value++)
            ids[value] = vocabulary.TryGetId($"<0x{value:X2}>", out int id) ? id : -1;
        return ids;
    }
}
