using LlamaEngine.Tokenization.Vocabularies;

namespace LlamaEngine.Tokenization.Json;

/// <summary>Reads <c>added_tokens</c> of tokenizer.json.</summary>
internal static class AddedTokenReader
{
    /// <summary>Reads the tokens; null for none. One that the model's vocabulary has keeps its id there.</summary>
    public static List<AddedToken> Read(JsonField? tokens, Vocabulary vocabulary) =>
        tokens is { } field ? [.. field.Items().Select(item => ReadToken(item, vocabulary))] : [];

    /// <summary>Adds the tokens to the vocabulary.</summary>
    public static void AddTo(Vocabulary vocabulary, List<AddedToken> tokens, JsonField root)
    {
        foreach (AddedToken token in tokens)
        {
            if (!vocabulary.TrySet(token.Id, token.Content, token.IsSpecial ? TokenKind.Control : TokenKind.UserDefined))
                throw root.Wrong($"gives added token '{token.Content}' the id {token.Id}, which cannot be");
        }
    }

    private static AddedToken ReadToken(JsonField token, Vocabulary vocabulary)
    {
        string content = token.TextOf("content");
        bool isSpecial = token.FlagOf("special", false);
        return new AddedToken(vocabulary.TryGetId(content, out int id) ? id : token.Required("id").AsInteger(), content)
        {
            IsSpecial = isSpecial,
            StripsLeft = token.FlagOf("lstrip", false),
            StripsRight = token.FlagOf("rstrip", false),
            IsSingleWord = token.FlagOf("single_word", false),
            IsNormalized = token.FlagOf("normalized", !isSpecial),
        };
    }
}
