using System.Collections.Immutable;
using System.Text.Json.Nodes;
using LlamaEngine.Models;
using LlamaEngine.Tokenization;

namespace LlamaEngine.Formats.Gguf;

/// <summary>A model in one GGUF file or in split parts.</summary>
internal sealed class GgufModelFile : ModelFile
{
    private readonly TensorTable _tensors;
    private readonly GgufMetadata _metadata;

    private GgufModelFile(string path, GgufMetadata metadata, TensorTable tensors)
    {
        Path = path;
        _metadata = metadata;
        _tensors = tensors;
        Configuration = GgufConfiguration.Read(metadata, tensors);
        ConfigurationChecks.EnsureConsistent(Configuration, path);
        LlamaShapes.Check(Configuration, tensors, path);
        ChatTemplate = metadata.GetString("tokenizer.chat_template");
        TokenizerKind = ReadTokenizerKind(metadata);
        EndTokenIds = GgufEndTokens.Read(metadata, Configuration.VocabularySize);
        Name = metadata.GetString("general.name") is { Length: > 0 } name ? Untrusted.Show(name) : System.IO.Path.GetFileNameWithoutExtension(path);
    }

    /// <inheritdoc/>
    public override string Path { get; }

    /// <inheritdoc/>
    public override LlamaConfiguration Configuration { get; }

    /// <inheritdoc/>
    public override ImmutableArray<TensorInfo> Tensors => _tensors.Infos;

    /// <inheritdoc/>
    public override string? ChatTemplate { get; }

    /// <inheritdoc/>
    public override JsonObject GenerationConfig => GgufSampling.Read(_metadata);

    /// <inheritdoc/>
    public override ImmutableArray<int> EndTokenIds { get; }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override string? TokenizerKind { get; }

    /// <summary>Opens the file, with its other parts if it is split.</summary>
    public static GgufModelFile OpenFile(string path)
    {
        var tensors = new TensorTable();
        try
        {
            GgufMetadata metadata = ReadParts(path, tensors);
            tensors.Seal();
            return new GgufModelFile(path, metadata, tensors);
        }
        catch
        {
            tensors.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override bool TryGetTensor(string name, out TensorData tensor) => _tensors.TryGet(name, out tensor);

    /// <inheritdoc/>
    public override Tokenizer? LoadTokenizer() =>
        TokenizerKind is null ? null : Tokenizer.FromGguf(_metadata);

    /// <inheritdoc/>
    public override void Dispose() => _tensors.Dispose();

    /// <summary>For example <c>gpt2 (llama-bpe)</c>: the model and, for byte-level BPE, how text is split before it.</summary>
    private static string? ReadTokenizerKind(GgufMetadata metadata)
    {
        string? model = metadata.GetString("tokenizer.ggml.model");
        if (model is null or "no_vocab" or "none")
            return null;
        return Untrusted.Show(metadata.GetString("tokenizer.ggml.pre") is { } split ? $"{model} ({split})" : model);
    }

    /// <summary>Reads all parts and returns the metadata of the first, which holds what the others leave out.</summary>
    private static GgufMetadata ReadParts(string path, TensorTable tensors)
    {
        MappedFile given = tensors.Map(path);
        GgufHeader header = GgufHeader.Read(given);
        int count = GgufSplit.Count(header.Metadata);
        if (count == 1)
        {
            AddAll(tensors, given, header);
            return header.Metadata;
        }
        int index = GgufSplit.Index(header.Metadata, count);
        string[] paths = GgufSplit.PartPaths(path, index, count);
        GgufMetadata? first = null;
        for (int i = 0; i < count; i++)
        {
            MappedFile file = i == index ? given : MapPart(tensors, paths[i], path);
            GgufHeader part = i == index ? header : GgufHeader.Read(file);
            GgufSplit.EnsureBelongs(part.Metadata, i, count);
            AddAll(tensors, file, part);
            first ??= part.Metadata;
        }
        GgufSplit.EnsureComplete(first!, tensors.Count);
        return first!;
    }

    private static MappedFile MapPart(TensorTable tensors, string part, string given) => File.Exists(part)
        ? tensors.Map(part)
        : throw new ModelFormatException(given, null, $"the model is split, and its part '{System.IO.Path.GetFileName(part)}' is missing.");

    private static void AddAll(TensorTable tensors, MappedFile file, GgufHeader header)
    {
        foreach (TensorInfo info in header.Tensors)
            tensors.Add(file, info);
    }
}
