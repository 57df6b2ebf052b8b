using System.Text.Json;
using LlamaEngine.Formats.HuggingFace;

namespace LlamaEngine.Formats.Quantization.Vocabularies;

/// <summary>Translates the tokenizer of a Hugging Face folder into GGUF metadata.</summary>
internal static class HuggingFaceVocabulary
{
    private const int LargestTokenizer = 256 << 20, LargestConfig = 64 << 20;

    /// <summary>Adds the keys of the tokenizer; <c>no_vocab</c> if the folder has none.</summary>
    /// <exception cref="ModelFormatException">A file is damaged.</exception>
    /// <exception cref="UnsupportedModelException">GGUF has no words for this tokenizer.</exception>
    public static void Describe(ModelFile model, Dictionary<string, object> metadata)
    {
        string json = Path.Combine(model.Path, "tokenizer.json"), pieces = Path.Combine(model.Path, "tokenizer.model");
        VocabularyTable table;
        (string?, string?) added;
        if (File.Exists(json))
        {
            using JsonDocument document = JsonText.ReadObject(json, LargestTokenizer);
            table = JsonVocabulary.Describe(document.RootElement, json, model.Configuration.VocabularySize, metadata);
            added = SpecialTokens.ReadTemplate(document.RootElement, json);
        }
        else if (File.Exists(pieces))
        {
            (table, added) = SentencePieceVocabulary.Describe(pieces, model.Configuration.VocabularySize, metadata);
        }
        else
        {
            metadata["tokenizer.ggml.model"] = "no_vocab";
            return;
        }
        using JsonDocument? tokenizerConfig = ReadIfThere(model.Path, "tokenizer_config.json");
        SpecialTokens.Describe(table, tokenizerConfig?.RootElement, added, model.EndTokenIds, BeginningOf(model), metadata);
    }

    /// <summary>config.json's bos_token_id.</summary>
    private static int? BeginningOf(ModelFile model)
    {
        using JsonDocument? config = ReadIfThere(model.Path, "config.json");
        return config is null
            ? null
            : new ConfigReader(config.RootElement, "config.json").Ids("bos_token_id").Select(id => (int?)id).FirstOrDefault();
    }

    private static JsonDocument? ReadIfThere(string folder, string name)
    {
        string path = Path.Combine(folder, name);
        return File.Exists(path) ? JsonText.ReadObject(path, LargestConfig) : null;
    }
}
