using System.Diagnostics;
using LlamaEngine.Backends;
using LlamaEngine.Devices;
using LlamaEngine.Diagnostics;
using LlamaEngine.Formats;
using LlamaEngine.Sampling;
using LlamaEngine.Templates;
using LlamaEngine.Tokenization;
using Microsoft.Extensions.Logging;

namespace LlamaEngine.Models;

/// <summary>Everything a loaded model consists of, in the order it was made; disposed in the opposite one.</summary>
internal sealed class LoadedModel : IDisposable
{
    /// <summary>Positions in one block of the KV cache.</summary>
    private const int BlockSize = 16;

    /// <summary>Fewest rows with logits in one pass; more where more sequences may decode at once.</summary>
    private const int MinLogitRows = 64;

    private readonly Stack<IDisposable> _owned;

    private LoadedModel(Stack<IDisposable> owned) => _owned = owned;

    /// <summary>Facts about the model.</summary>
    public required ModelInfo Info { get; init; }

    /// <summary>The tokenizer; null where the file has none.</summary>
    public required Tokenizer? Tokenizer { get; init; }

    /// <summary>The chat template; null where the file has none.</summary>
    public required ChatTemplate? ChatTemplate { get; init; }

    /// <summary>The model's own sampling defaults.</summary>
    public required System.Text.Json.Nodes.JsonObject GenerationConfig { get; init; }

    /// <summary>The network, for the loop thread.</summary>
    public required LlamaModel Network { get; init; }

    /// <summary>The KV cache, for the loop thread.</summary>
    public required KvStore Cache { get; init; }

    /// <summary>What fits where.</summary>
    public required MemoryPlan Memory { get; init; }

    /// <summary>What the model is, whatever its file is called.</summary>
    public required ModelIdentitySource Identity { get; init; }

    /// <summary>Whether activations are rounded before they meet quantized weights.</summary>
    public required bool QuantizedActivations { get; init; }

    /// <summary>Room for sampling, for the loop thread.</summary>
    public required SamplerScratch SamplerScratch { get; init; }

    /// <summary>Loads a model as the options say.</summary>
    /// <param name="createBackend">Makes what computes; null: the device that the options name.</param>
    /// <remarks>When it throws (cancellation included), everything made so far is freed.</remarks>
    public static LoadedModel Load(
        EngineOptions options,
        Func<ModelFile> open,
        IProgress<LoadProgress>? progress,
        CancellationToken cancellation,
        Func<EngineOptions, IBackend>? createBackend = null)
    {
        long started = Stopwatch.GetTimestamp();
        var owned = new Stack<IDisposable>();
        try
        {
            cancellation.ThrowIfCancellationRequested();
            ModelFile file = Own(owned, open());
            ModelIdentitySource identity = Own(owned, new ModelIdentitySource(file));
            cancellation.ThrowIfCancellationRequested();
            // Beside the weights: a large vocabulary takes a while. It reads nothing of the mapped file, so a cancelled load need not wait for it.
            Task<Tokenizer?> loadingTokenizer = Task.Run(file.LoadTokenizer, CancellationToken.None);
            IBackend backend = Own(owned, (createBackend ?? BackendSelector.Create)(options));
            MemoryPlan memory = Plan(options, file, backend.Memory);
            memory.ThrowIfInsufficient();
            LogPlan(memory, options.LoggerFactory);
            LlamaWeights weights = Own(owned, LlamaWeights.Load(file, backend, progress, cancellation));
            LlamaModel model = Own(owned, new LlamaModel(
                backend, file.Configuration, weights, memory.MaxBatchTokens, memory.MaxLogitRows, memory.ContextLength));
            KvStore cache = Own(owned, backend.CreateKvStore(memory.KvLayout, memory.Blocks));
            Tokenizer? tokenizer = loadingTokenizer.WaitAsync(cancellation).GetAwaiter().GetResult();
            ChatTemplate? template = LoadTemplate(file, tokenizer);
            return new LoadedModel(owned)
            {
                Info = Describe(file, tokenizer, backend, memory, Stopwatch.GetElapsedTime(started)),
                Tokenizer = tokenizer,
                ChatTemplate = template,
                GenerationConfig = file.GenerationConfig,
                Network = model,
                Cache = cache,
                Memory = memory,
                Identity = identity,
                QuantizedActivations = options.QuantizedActivations,
                SamplerScratch = new SamplerScratch(file.Configuration.VocabularySize),
            };
        }
        catch
        {
            Free(owned);
            throw;
        }
    }

    /// <summary>The plan by which a model would be loaded onto a device.</summary>
    /// <exception cref="ContextLengthExceededException">The options ask for more positions than the model was trained for.</exception>
    public static MemoryPlan Plan(EngineOptions options, ModelFile file, DeviceMemory device) =>
        MemoryPlan.Create(options, file, BlockSize, MinLogitRows, device);

    /// <inheritdoc/>
    public void Dispose() => Free(_owned);

    private static void Free(Stack<IDisposable> owned)
    {
        while (owned.TryPop(out IDisposable? part))
            part.Dispose();
    }

    private static T Own<T>(Stack<IDisposable> owned, T part) where T : IDisposable
    {
        owned.Push(part);
        return part;
    }

    private static void LogPlan(MemoryPlan plan, ILoggerFactory? loggers)
    {
        if (loggers?.CreateLogger<InferenceEngine>() is { } logger)
        {
            Log.MemoryPlanned(
                logger,
                plan.WeightBytes,
                plan.KvBytes,
                plan.KvPositions,
                plan.KvLayout.Type,
                plan.WorkspaceBytes,
                plan.Available.Bytes,
                plan.Available.Limit);
        }
    }

    private static ChatTemplate? LoadTemplate(ModelFile file, Tokenizer? tokenizer) => file.ChatTemplate is { } source
        ? ChatTemplate.Parse(source, Token(tokenizer, tokenizer?.BosTokenId), Token(tokenizer, tokenizer?.EosTokenId))
        : null;

    private static string Token(Tokenizer? tokenizer, int? id) => id is { } value ? tokenizer!.GetToken(value) : "";

    private static ModelInfo Describe(ModelFile file, Tokenizer? tokenizer, IBackend backend, MemoryPlan memory, TimeSpan loadTime) => new()
    {
        Name = file.Name,
        Path = file.Path,
        Configuration = file.Configuration,
        ParameterCount = file.Tensors.Sum(tensor => tensor.ElementCount),
        WeightBytes = file.Tensors.Sum(tensor => tensor.ByteLength),
        WeightType = memory.WeightType,
        EndTokenIds = EndTokens.Find(file, tokenizer),
        ContextLength = memory.ContextLength,
        Device = backend.Description,
        Threads = backend.Threads,
        LoadTime = loadTime,
    };
}
