using System.Text;
using LlamaEngine.Formats.Gguf;
using LlamaEngine.Tokenization.Decoding;
using LlamaEngine.Tokenization.Merging;
using LlamaEngine.Tokenization.Splitting;
using LlamaEngine.Tokenization.Vocabularies;

namespace LlamaEngine.Tokenization.Gguf;

/// <summary>Builds a byte-level BPE tokenizer from GGUF metadata (<c>tokenizer.ggml.model</c> is <c>gpt2</c>).</summary>
internal static class GgufBytePairs
{
    /// <summary>Builds the tokenizer.</summary>
    public static Tokenizer Create(GgufMetadata metadata)
    {
        string? pre = metadata.GetString("tokenizer.ggml.pre");
        bool ignoresMerges = GgufPreTokenizers.IgnoresMerges(pre);
        Vocabulary vocabulary = GgufTokenizer.ReadVocabulary(metadata);
        PreTokenizer[] preTokenizers = GgufPreTokenizers.Get(pre);
        if (metadata.GetBoolean("tokenizer.ggml.add_space_prefix") == true)
            preTokenizers = [new PrefixSpace(), .. preTokenizers];
        return new PipelineTokenizer(new PipelineParts
        {
            Vocabulary = vocabulary,
            Rules = GgufTokenizer.ReadRules(metadata, vocabulary, addsBos: ignoresMerges),
            AddedTokens = new AddedTokenMatcher(FindAddedTokens(vocabulary).Select(token => (token, token.Content))),
            NormalizedAddedTokens = new AddedTokenMatcher([]),
            PreTokenizers = preTokenizers,
            Model = MakeModel(metadata, vocabulary, ignoresMerges),
            Bytes = new TokenBytes(vocabulary.Count, id => BytesOf(vocabulary, id)),
        });
    }

    private static IEnumerable<AddedToken> FindAddedTokens(Vocabulary vocabulary)
    {
        for (int id = 0; id < vocabulary.Count; id++)
        {
            TokenKind kind = vocabulary.Kind(id);
            if (kind is TokenKind.Control or TokenKind.Unknown or TokenKind.UserDefined)
                yield return new AddedToken(id, vocabulary.Text(id)) { IsSpecial = kind != TokenKind.UserDefined };
        }
    }

    private static BytePairModel MakeModel(GgufMetadata metadata, Vocabulary vocabulary, bool ignoresMerges) => new(new BytePairParts
    {
        Tokens = MakeTable(vocabulary),
        Pairs = ReadMerges(metadata, vocabulary),
        VocabularySize = vocabulary.Count,
        StartsFromBytes = true,
        IgnoresMerges = ignoresMerges,
    });

    private static TokenTable MakeTable(Vocabulary vocabulary)
    {
        var table = new TokenTable(vocabulary.Count);
        for (int id = 0; id < vocabulary.Count; id++)
        {
            if (ByteLevelAlphabet.TryGetBytes(vocabulary.Text(id)) is { Length: > 0 } bytes)
                table.TryAdd(bytes, id);
        }
        return table;
    }

    private static PairRanks ReadMerges(GgufMetadata metadata, Vocabulary vocabulary)
    {
        string[] merges = metadata.GetStrings("tokenizer.ggml.merges")
            ?? throw GgufTokenizer.Wrong(metadata, "has no tokenizer.ggml.merges.");
        var reader = new MergeReader(metadata.File, vocabulary, merges.Length);
        foreach (string merge in merges)
            reader.Add(merge);
        return reader.Pairs;
    }

    // Added tokens stand in the vocabulary as they are, the others in GPT-2's alphabet.
    private static byte[] BytesOf(Vocabulary vocabulary, int id) => vocabulary.Kind(id) is TokenKind.Normal or TokenKind.Unused
        ? ByteLevelAlphabet.GetBytes(vocabulary.Text(id))
        : Encoding.UTF8.GetBytes(vocabulary.Text(id));
}
