using LlamaEngine.Tokenization.Vocabularies;

namespace LlamaEngine.Tokenization.Json;

/// <summary>Finds out which tokens begin and end a sequence.</summary>
internal static class RulesReader
{
    private static readonly string[] s_usualBos = ["<|begin_of_text|>", "<s>"];
    private static readonly string[] s_usualEos = ["<|end_of_text|>", "</s>", "<|endoftext|>"];

    /// <summary>Reads the rules: the post-processor decides what is added, tokenizer_config.json fills in what it leaves open.</summary>
    public static SequenceRules Read(JsonField? postProcessor, TokenizerConfig config, Vocabulary vocabulary)
    {
        var template = new PostProcessorReader();
        template.Read(postProcessor);
        foreach (int id in (ReadOnlySpan<int>)[template.Front ?? 0, template.Back ?? 0])
        {
            if (id < 0 || id >= vocabulary.Count)
                throw postProcessor!.Value.Wrong($"adds the id {id}, which is outside the vocabulary");
        }
        return new SequenceRules
        {
            Bos = template.Front ?? Find(config.Bos, s_usualBos, vocabulary),
            Eos = template.Back ?? Find(config.Eos, s_usualEos, vocabulary),
            AddsBos = template.HasTemplate ? template.Front is not null : config.AddsBos ?? false,
            AddsEos = template.HasTemplate ? template.Back is not null : config.AddsEos ?? false,
        };
    }

    /// <summary>Finds a token by the name that is given, else by the usual names.</summary>
    public static int? Find(string? given, ReadOnlySpan<string> usual, Vocabulary vocabulary)
    {
        if (given is not null)
            return vocabulary.TryGetId(given, out int id) ? id : null;
        foreach (string name in usual)
        {
            if (vocabulary.TryGetId(name, out int id) && vocabulary.Kind(id) == TokenKind.Control)
                return id;
        }
        return null;
    }
}
