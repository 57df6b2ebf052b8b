using System.Buffers;
using System.Text;
using LlamaEngine.Tokenization.Decoding;
using LlamaEngine.Tokenization.Merging;
using LlamaEngine.Tokenization.Normalization;
using LlamaEngine.Tokenization.Vocabularies;

namespace LlamaEngine.Tokenization.Json;

/// <summary>Reads tokenizer.json, the format of Hugging Face's tokenizers.</summary>
internal static class TokenizerJson
{
    /// <summary>Makes the tokenizer.</summary>
    /// <param name="file">The file's name for messages.</param>
    /// <param name="content">What is in the file.</param>
    /// <param name="config">What tokenizer_config.json says where this file is silent.</param>
    /// <exception cref="ModelFormatException">The file is damaged.</exception>
    /// <exception cref="UnsupportedModelException">It uses something that is not implemented.</exception>
    public static Tokenizer Read(string file, ReadOnlyMemory<byte> content, TokenizerConfig config) =>
        JsonFile.Read(file, content, root => Make(root, config));

    private static PipelineTokenizer Make(JsonField root, TokenizerConfig config)
    {
        JsonField model = root.Required("model");
        Vocabulary vocabulary = ModelReader.ReadVocabulary(model);
        var preTokenizers = new PreTokenizerReader();
        preTokenizers.Read(root["pre_tokenizer"]);
        TextNormalizer? normalizer = NormalizerReader.Read(root["normalizer"]);
        List<AddedToken> added = AddedTokenReader.Read(root["added_tokens"], vocabulary);
        BytePairModel bytePairs = ModelReader.ReadModel(model, vocabulary, preTokenizers.IsByteLevel);
        AddedTokenReader.AddTo(vocabulary, added, root);
        Dictionary<int, string> normalized = added.Where(token => token.IsNormalized)
            .GroupBy(token => token.Id)
            .ToDictionary(group => group.Key, group => Normalize(group.Last().Content, normalizer));
        // The reference decodes a token to the text it is found by.
        (TokenBytes bytes, PieceRules? pieceRules) = DecoderReader.Read(root["decoder"])
            .Make(vocabulary.Count, id => normalized.GetValueOrDefault(id) ?? vocabulary.Text(id));
        return new PipelineTokenizer(new PipelineParts
        {
            Vocabulary = vocabulary,
            Rules = RulesReader.Read(root["post_processor"], config, vocabulary),
            AddedTokens = new AddedTokenMatcher(added.Where(token => !token.IsNormalized).Select(token => (token, token.Content))),
            Normalizer = normalizer,
            NormalizedAddedTokens = new AddedTokenMatcher(added.Where(token => token.IsNormalized).Select(token => (token, normalized[token.Id]))),
            PreTokenizers = preTokenizers.Steps,
            Model = bytePairs,
            Bytes = bytes,
            PieceRules = pieceRules,
        });
    }

    private static string Normalize(string text, TextNormalizer? normalizer)
    {
        if (normalizer is null)
            return text;
        var output = new ArrayBufferWriter<byte>();
        normalizer.Apply(Encoding.UTF8.GetBytes(text), output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
