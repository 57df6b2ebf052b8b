using LlamaEngine.Formats.Gguf;
using LlamaEngine.Formats.HuggingFace;
using LlamaEngine.Formats.Quantization.Vocabularies;

namespace LlamaEngine.Formats.Quantization;

/// <summary>The metadata with which a model is written as a GGUF file.</summary>
internal static class ModelMetadata
{
    /// <summary>Keeps what a GGUF file says, translates what a Hugging Face folder says.</summary>
    /// <exception cref="UnsupportedModelException">GGUF has no words for something in it.</exception>
    public static Dictionary<string, object> Of(ModelFile model)
    {
        if (model is GgufModelFile)
            return Kept(model.Path);
        Dictionary<string, object> metadata = GgufWriterMetadata.Describe(model.Configuration, model.Name);
        if (model is HuggingFaceModelFile)
            HuggingFaceVocabulary.Describe(model, metadata);
        else
            metadata["tokenizer.ggml.model"] = "no_vocab";
        if (model.ChatTemplate is { } template)
            metadata["tokenizer.chat_template"] = template;
        SamplingKeys.Describe(model.GenerationConfig, metadata);
        return metadata;
    }

    /// <summary>Everything but what tells of the file's parts and alignment, which are the writer's own.</summary>
    private static Dictionary<string, object> Kept(string path)
    {
        using MappedFile file = MappedFile.Open(path);
        GgufMetadata metadata = GgufHeader.Read(file).Metadata;
        int parts = GgufSplit.Count(metadata);
        if (parts > 1 && GgufSplit.Index(metadata, parts) is > 0 and { } index)
            return Kept(GgufSplit.PartPaths(path, index, parts)[0]);
        return metadata.Values
            .Where(entry => entry.Key != "general.alignment" && !entry.Key.StartsWith("split.", StringComparison.Ordinal))
            .ToDictionary(StringComparer.Ordinal);
    }
}
