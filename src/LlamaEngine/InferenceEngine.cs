using System.Runtime.CompilerServices;
using LlamaEngine.Diagnostics;
using LlamaEngine.Formats;
using LlamaEngine.Models;
using LlamaEngine.Sampling;
using LlamaEngine.Scheduling;
using LlamaEngine.Templates;
using LlamaEngine.Tokenization;
using Microsoft.Extensions.Logging;

namespace LlamaEngine;

/// <summary>A loaded model that answers requests: the front door of LlamaEngine.</summary>
/// <remarks>
/// Thread-safe: any number of callers may ask at once and are served in order. Owns weights, KV cache and threads;
/// disposing it ends running requests (they throw <see cref="ObjectDisposedException"/>) and frees everything.
/// </remarks>
public sealed class InferenceEngine : IAsyncDisposable, IDisposable
{
    private readonly LoadedModel _model;
    private readonly EngineLoop _loop;
    private readonly PromptEncoder _encoder;
    private int _disposed;

    private InferenceEngine(LoadedModel model, ILogger? logger)
    {
        _model = model;
        _encoder = new PromptEncoder(model.Tokenizer, model.ChatTemplate, model.Info.Configuration);
        _loop = new EngineLoop(
            model.Network, model.Cache, model.Memory.ContextLength, model.Memory.MaxBatchTokens, model.Memory.MaxSequences, logger);
    }

    /// <summary>Facts about the model.</summary>
    public ModelInfo Model => _model.Info;

    /// <summary>The model's tokenizer.</summary>
    /// <exception cref="InvalidOperationException">The model file has none.</exception>
    public Tokenizer Tokenizer => _model.Tokenizer ?? throw new InvalidOperationException("The model file has no tokenizer.");

    /// <summary>The model's chat template; null if it has none.</summary>
    public ChatTemplate? ChatTemplate => _model.ChatTemplate;

    /// <summary>Loads the model that the environment variable LLAMAENGINE_MODEL names, else the demo model of LlamaEngine.Lexicon.</summary>
    /// <inheritdoc cref="Create(EngineOptions)" path="/exception"/>
    public static InferenceEngine Create() => Create(new EngineOptions());

    /// <summary>Loads a model.</summary>
    /// <param name="modelPath">A GGUF file or a Hugging Face folder.</param>
    /// <inheritdoc cref="Create(EngineOptions)" path="/exception"/>
    public static InferenceEngine Create(string modelPath) => Create(new EngineOptions { ModelPath = modelPath });

    /// <summary>Loads a model.</summary>
    /// <exception cref="FileNotFoundException">There is no such model, or none is named.</exception>
    /// <exception cref="ModelFormatException">A file is damaged.</exception>
    /// <exception cref="UnsupportedModelException">A file asks for something that is not implemented.</exception>
    /// <exception cref="InsufficientDeviceMemoryException">The model does not fit into memory.</exception>
    /// <exception cref="DeviceUnavailableException">The device asked for cannot be used.</exception>
    /// <exception cref="ContextLengthExceededException">The context asked for is longer than the model's.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public static InferenceEngine Create(EngineOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return Load(options, () => ModelFile.Open(ModelLocator.Resolve(options.ModelPath)), null, CancellationToken.None);
    }

    /// <summary>Loads a model on a background thread.</summary>
    /// <param name="progress">Told how far the load has come.</param>
    /// <param name="cancellationToken">Stops the load; everything loaded so far is freed before the task ends.</param>
    /// <inheritdoc cref="Create(EngineOptions)" path="/exception"/>
    public static Task<InferenceEngine> CreateAsync(
        EngineOptions options, IProgress<LoadProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return Task.Run(
            () => Load(options, () => ModelFile.Open(ModelLocator.Resolve(options.ModelPath)), progress, cancellationToken),
            cancellationToken);
    }

    /// <summary>Makes an engine from a model that does not come from a path (a synthetic one); takes it over.</summary>
    internal static InferenceEngine Create(EngineOptions options, Func<ModelFile> open) => Load(options, open, null, CancellationToken.None);

    /// <summary>Streams a completion, token by token.</summary>
    /// <param name="prompt">A text, token ids or messages.</param>
    /// <param name="options">How to sample and when to stop; null: as the model's generation_config says.</param>
    /// <param name="cancellationToken">Ends the completion; so does abandoning the enumeration.</param>
    /// <exception cref="ContextLengthExceededException">The prompt fills the context.</exception>
    /// <exception cref="ArgumentException">The prompt is empty or an option is out of its range.</exception>
    /// <exception cref="ObjectDisposedException">The engine was disposed.</exception>
    public IAsyncEnumerable<CompletionUpdate> GenerateAsync(
        Prompt prompt, GenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        int[] tokens = _encoder.Encode(prompt);
        SamplingParameters parameters = SamplingParameters.Resolve(
            options, _model.GenerationConfig, Model.Configuration.VocabularySize, Model.EndTokenIds);
        int room = Model.ContextLength - tokens.Length;
        if (room < 1)
            throw new ContextLengthExceededException(tokens.Length + 1, Model.ContextLength);
        return StreamAsync(tokens, Math.Min(parameters.MaxTokens ?? room, room), parameters, cancellationToken);
    }

    /// <summary>Gives a whole completion.</summary>
    /// <inheritdoc cref="GenerateAsync"/>
    public Task<Completion> CompleteAsync(
        Prompt prompt, GenerationOptions? options = null, CancellationToken cancellationToken = default) =>
        CompletionBuilder.CollectAsync(GenerateAsync(prompt, options, cancellationToken));

    /// <summary>Starts a chat that remembers its messages; the engine keeps what it computed for them while it can.</summary>
    /// <exception cref="InvalidOperationException">The model has no chat template.</exception>
    public ChatSession StartChat(string? systemPrompt = null)
    {
        if (ChatTemplate is null)
            throw new InvalidOperationException("The model has no chat template.");
        return new ChatSession(this, systemPrompt);
    }

    /// <summary>The tokens a prompt becomes: template applied, BOS where the model's rule has it.</summary>
    /// <exception cref="ArgumentException">The prompt is empty, or a token id is outside the vocabulary.</exception>
    public int[] Tokenize(Prompt prompt)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        return _encoder.Encode(prompt);
    }

    /// <summary>
    /// Computes logits of whole sequences, each from position 0.
    /// <paramref name="rowLogits"/> is called on the loop thread for every position of a sequence in order; sequences may alternate.
    /// </summary>
    internal Task ComputeLogitsAsync(
        IReadOnlyList<int[]> sequences, LogitRowHandler rowLogits, CancellationToken cancellationToken = default)
    {
        var requests = new List<LogitsRequest>(sequences.Count);
        for (int i = 0; i < sequences.Count; i++)
        {
            if (_encoder.Encode(sequences[i]).Length > Model.ContextLength)
                throw new ContextLengthExceededException(sequences[i].Length, Model.ContextLength);
            int sequence = i;
            requests.Add(new LogitsRequest(sequences[i], (position, logits) => rowLogits(sequence, position, logits), cancellationToken));
        }
        foreach (LogitsRequest request in requests)
            _loop.Submit(request);
        return Task.WhenAll(requests.Select(request => request.Completion));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        _loop.Dispose();
        _model.Dispose();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _disposed != 0 ? ValueTask.CompletedTask : new ValueTask(Task.Run(Dispose));

    private static InferenceEngine Load(
        EngineOptions options, Func<ModelFile> open, IProgress<LoadProgress>? progress, CancellationToken cancellationToken)
    {
        ILogger? logger = options.LoggerFactory?.CreateLogger<InferenceEngine>();
        LoadedModel model = LoadedModel.Load(options, open, progress, cancellationToken);
        if (logger is not null)
        {
            ModelInfo info = model.Info;
            Log.ModelLoaded(logger, info.Path, info.WeightBytes, info.WeightType, info.ContextLength, info.LoadTime.TotalSeconds);
        }
        return new InferenceEngine(model, logger);
    }

    private async IAsyncEnumerable<CompletionUpdate> StreamAsync(
        int[] tokens, int maxTokens, SamplingParameters parameters, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Abandoning the enumeration must end the request, so it has a source of its own.
        using var abandon = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var request = new GenerationRequest(
            tokens,
            maxTokens,
            parameters,
            _model.SamplerScratch,
            CompletionText.CreateForStops(_model.Tokenizer, parameters),
            abandon.Token);
        CompletionText? text = CompletionText.Create(_model.Tokenizer, parameters);
        _loop.Submit(request);
        try
        {
            await foreach (TokenEvent step in request.Events.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
                yield return CompletionBuilder.ToUpdate(step, text, request);
            cancellationToken.ThrowIfCancellationRequested();
        }
        finally
        {
            await abandon.CancelAsync().ConfigureAwait(false);
        }
    }
}

/// <summary>Takes the logits of one position; they are valid during the call.</summary>
internal delegate void LogitRowHandler(int sequence, int position, ReadOnlySpan<float> logits);
