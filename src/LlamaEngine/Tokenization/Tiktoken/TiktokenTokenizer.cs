using LlamaEngine.Tokenization.Decoding;
using LlamaEngine.Tokenization.Json;
using LlamaEngine.Tokenization.Merging;
using LlamaEngine.Tokenization.Splitting;
using LlamaEngine.Tokenization.Vocabularies;

namespace LlamaEngine.Tokenization.Tiktoken;

/// <summary>Makes Llama 3's tokenizer of tiktoken's ranks.</summary>
internal static class TiktokenTokenizer
{
    /// <summary>Makes the tokenizer.</summary>
    /// <param name="tokens">The tokens by rank.</param>
    /// <param name="config">What tokenizer_config.json says; it need not be there.</param>
    public static Tokenizer Create(byte[][] tokens, TokenizerConfig config)
    {
        var table = new TokenTable(tokens.Length);
        var vocabulary = new Vocabulary(tokens.Length + Llama3SpecialTokens.Count);
        for (int rank = 0; rank < tokens.Length; rank++)
        {
            table.TryAdd(tokens[rank], rank);
            vocabulary.TrySet(rank, string.Create(tokens[rank].Length, tokens[rank], WriteToken), TokenKind.Normal);
        }
        AddedToken[] special = [.. Llama3SpecialTokens.Names(tokens.Length, config)
            .Select((name, i) => new AddedToken(tokens.Length + i, name) { IsSpecial = true })];
        foreach (AddedToken token in special)
            vocabulary.TrySet(token.Id, token.Content, TokenKind.Control);
        return new PipelineTokenizer(new PipelineParts
        {
            Vocabulary = vocabulary,
            Rules = MakeRules(config, vocabulary),
            AddedTokens = new AddedTokenMatcher(special.Select(token => (token, token.Content))),
            NormalizedAddedTokens = new AddedTokenMatcher([]),
            PreTokenizers = [new SplitPreTokenizer(KnownPatterns.Llama3, SplitBehavior.Isolated)],
            Model = MakeModel(tokens, table),
            Bytes = new TokenBytes(vocabulary.Count, id => ByteLevelAlphabet.GetBytes(vocabulary.Text(id))),
        });
    }

    private static void WriteToken(Span<char> text, byte[] token)
    {
        for (int i = 0; i < token.Length; i++)
            text[i] = ByteLevelAlphabet.Character(token[i]);
    }

    private static BytePairModel MakeModel(byte[][] tokens, TokenTable table) => new(new BytePairParts
    {
        Tokens = table,
        Pairs = RankedPairs.Make(tokens, table),
        VocabularySize = tokens.Length,
        StartsFromBytes = true,
        IgnoresMerges = true,
    });

    private static SequenceRules MakeRules(TokenizerConfig config, Vocabulary vocabulary) => new()
    {
        Bos = RulesReader.Find(config.Bos, ["<|begin_of_text|>"], vocabulary),
        Eos = RulesReader.Find(config.Eos, ["<|end_of_text|>"], vocabulary),
        AddsBos = config.AddsBos ?? true,
        AddsEos = config.AddsEos ?? false,
    };
}
