using System.Collections.Immutable;
using System.Text.Json.Nodes;
using LlamaEngine.Formats.Gguf;
using LlamaEngine.Formats.HuggingFace;
using LlamaEngine.Models;
using LlamaEngine.Tokenization;

namespace LlamaEngine.Formats;

/// <summary>
/// An opened model: a GGUF file (or the first of its split parts) or a Hugging Face folder, memory-mapped.
/// Tensors carry GGUF names in either case.
/// </summary>
/// <remarks>Immutable and thread-safe once opened; owns the mappings, so dispose it after everything that reads its tensors.</remarks>
internal abstract unsafe class ModelFile : IDisposable
{
    /// <summary>The path that was opened.</summary>
    public abstract string Path { get; }

    /// <summary>Sizes and constants of the network.</summary>
    public abstract LlamaConfiguration Configuration { get; }

    /// <summary>All tensors.</summary>
    public abstract ImmutableArray<TensorInfo> Tensors { get; }

    /// <summary>The model's own chat template (Jinja source); null if it has none.</summary>
    public abstract string? ChatTemplate { get; }

    /// <summary>The keys of generation_config.json (or GGUF's equivalents) as they stand there; empty if there are none.</summary>
    public abstract JsonObject GenerationConfig { get; }

    /// <summary>Ids that end a reply according to the file (eos, eot, eom), without duplicates.</summary>
    public abstract ImmutableArray<int> EndTokenIds { get; }

    /// <summary>The name the file gives itself, or its file name.</summary>
    public abstract string Name { get; }

    /// <summary>The kind of tokenizer the file has, in the file's own words; null if it has none.</summary>
    public virtual string? TokenizerKind => null;

    /// <summary>Opens a GGUF file or a Hugging Face folder.</summary>
    /// <exception cref="ModelFormatException">The file is damaged.</exception>
    /// <exception cref="UnsupportedModelException">The file asks for something that is not implemented.</exception>
    /// <exception cref="FileNotFoundException">There is no such file or folder.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file must not be read.</exception>
    public static ModelFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Directory.Exists(path))
            return HuggingFaceModelFile.OpenFolder(path);
        // A part of a folder was named: its name says so better than the wrong magic number would.
        if (File.Exists(path) && System.IO.Path.GetExtension(path) is ".safetensors" or ".json" or ".model")
            throw new UnsupportedModelException($"'{path}' as a model", "a GGUF file, or the folder of a Hugging Face model");
        return GgufModelFile.OpenFile(path);
    }

    /// <summary>Finds a tensor by its GGUF name.</summary>
    public abstract bool TryGetTensor(string name, out TensorData tensor);

    /// <summary>Loads the model's tokenizer; null where the file has none (tiny test models).</summary>
    public abstract Tokenizer? LoadTokenizer();

    /// <summary>
    /// What the model is, whatever its file is called: derived from its configuration and every byte of its weights, all of which
    /// it reads. The same for equal contents; different if a single bit of a weight differs.
    /// </summary>
    /// <remarks>Thread-safe. The result is not kept.</remarks>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public virtual ModelIdentity ComputeIdentity(CancellationToken cancellation = default) => ModelIdentityHash.Compute(this, cancellation);

    /// <inheritdoc/>
    public abstract void Dispose();
}
