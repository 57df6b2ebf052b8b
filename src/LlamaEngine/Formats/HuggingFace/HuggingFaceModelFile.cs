using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using LlamaEngine.Models;
using LlamaEngine.Tokenization;

namespace LlamaEngine.Formats.HuggingFace;

/// <summary>A model in a folder as Hugging Face lays it out: config.json and safetensors.</summary>
internal sealed class HuggingFaceModelFile : ModelFile
{
    private const int LargestConfig = 4 << 20;

    private static readonly ImmutableArray<string> s_tokenizerFiles = ["tokenizer.json", "tokenizer.model"];

    private readonly TensorTable _tensors = new();
    private readonly JsonObject _generationConfig = [];

    private HuggingFaceModelFile(string folder)
    {
        Path = folder;
        try
        {
            string configPath = System.IO.Path.Combine(folder, "config.json");
            if (!File.Exists(configPath))
                throw new FileNotFoundException($"{folder} holds no config.json. Name a Hugging Face folder or a GGUF file.", configPath);
            using JsonDocument config = JsonText.ReadObject(configPath, LargestConfig);
            var reader = new ConfigReader(config.RootElement, configPath);
            HuggingFaceConfiguration configuration = HuggingFaceConfiguration.Read(reader);
            Configuration = configuration.Model;
            ConfigurationChecks.EnsureConsistent(Configuration, configPath);
            HuggingFaceTensors.AddAll(_tensors, folder, configuration);
            _tensors.Seal();
            LlamaShapes.Check(Configuration, _tensors, folder, configuration.AttentionBias, configuration.FeedForwardBias);
            (_generationConfig, ImmutableArray<int> ends) = ReadGenerationConfig(System.IO.Path.Combine(folder, "generation_config.json"));
            EndTokenIds = [.. ends.Concat(reader.Ids("eos_token_id")).Where(id => id < Configuration.VocabularySize).Distinct()];
            ChatTemplate = ChatTemplateFiles.Read(folder);
        }
        catch
        {
            _tensors.Dispose();
            throw;
        }
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
    public override JsonObject GenerationConfig => (JsonObject)_generationConfig.DeepClone();

    /// <inheritdoc/>
    public override ImmutableArray<int> EndTokenIds { get; }

    /// <inheritdoc/>
    public override string Name => new DirectoryInfo(Path).Name;

    /// <summary>Opens a folder.</summary>
    public static HuggingFaceModelFile OpenFolder(string folder) => new(folder);

    /// <inheritdoc/>
    public override bool TryGetTensor(string name, out TensorData tensor) => _tensors.TryGet(name, out tensor);

    /// <inheritdoc/>
    public override string? TokenizerKind =>
        s_tokenizerFiles.FirstOrDefault(name => File.Exists(System.IO.Path.Combine(Path, name)));

    /// <inheritdoc/>
    public override Tokenizer? LoadTokenizer() => TokenizerKind is null ? null : Tokenizer.Load(Path);

    /// <inheritdoc/>
    public override void Dispose() => _tensors.Dispose();

    private static (JsonObject Config, ImmutableArray<int> Ends) ReadGenerationConfig(string path)
    {
        if (!File.Exists(path))
            return ([], []);
        using JsonDocument document = JsonText.ReadObject(path, LargestConfig);
        var ends = new ConfigReader(document.RootElement, path).Ids("eos_token_id");
        return (JsonObject.Create(document.RootElement.Clone())!, [.. ends]);
    }
}
