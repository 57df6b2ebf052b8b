using LlamaEngine.Backends;
using LlamaEngine.Contexts;
using LlamaEngine.Diagnostics;
using LlamaEngine.Formats;
using LlamaEngine.KvCache;
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
public sealed partial class InferenceEngine : IAsyncDisposable, IDisposable
{
    private readonly LoadedModel _model;
    private readonly LoadedEngine _engine;
    private readonly PromptEncoder _encoder;
    private readonly RecipeShelf _recipes;
    private int _disposed;

    private InferenceEngine(LoadedModel model, EngineOptions options, ILogger? logger)
    {
        _model = model;
        _recipes = new RecipeShelf(this);
        _encoder = new PromptEncoder(model.Tokenizer, model.ChatTemplate, model.Info.Configuration);
        _engine = new LoadedEngine(model, options, logger);
    }

    /// <summary>What the engine is doing and has done. A request that a caller has seen end is counted.</summary>
    public EngineStatistics Statistics => _engine.Loop.Statistics;

    /// <summary>The internal error after which the engine takes no more requests; null: it works.</summary>
    public EngineFaultedException? Fault => _engine.Loop.Fault;

    /// <summary>Facts about the model.</summary>
    public ModelInfo Model => _model.Info;

    /// <summary>The model's tokenizer.</summary>
    /// <exception cref="InvalidOperationException">The model file has none.</exception>
    public Tokenizer Tokenizer => _model.Tokenizer ?? throw new InvalidOperationException("The model file has no tokenizer.");

    /// <summary>Whether <see cref="Tokenizer"/> gives one.</summary>
    internal bool HasTokenizer => _model.Tokenizer is not null;

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
    /// <param name="createBackend">Makes what computes; null: the device that the options name.</param>
    internal static InferenceEngine Create(
        EngineOptions options, Func<ModelFile> open, Func<EngineOptions, IBackend>? createBackend = null) =>
        Load(options, open, null, CancellationToken.None, createBackend);

    /// <summary>
    /// Streams a completion, token by token; with <see cref="GenerationOptions.Choices"/> several side by side, told apart by
    /// <see cref="CompletionUpdate.ChoiceIndex"/>. The request is queued when the enumeration begins.
    /// </summary>
    /// <param name="prompt">A text, token ids or messages.</param>
    /// <param name="options">How to sample and when to stop; null: as the model's generation_config says.</param>
    /// <param name="cancellationToken">
    /// Ends the completion: what is asked for next throws <see cref="OperationCanceledException"/>, unless it was the end. Abandoning the
    /// enumeration ends it, too. Its memory is free a step later.
    /// </param>
    /// <exception cref="ContextLengthExceededException">The prompt fills the context, or the KV cache.</exception>
    /// <exception cref="QueueFullException">Too many requests wait.</exception>
    /// <exception cref="DeadlineExceededException">It took longer than <see cref="GenerationOptions.Timeout"/>.</exception>
    /// <exception cref="ArgumentException">The prompt is empty or an option is out of its range.</exception>
    /// <exception cref="NotSupportedException">
    /// The prompt has tools, and the model's chat template has not, or a response format is asked for as well; or a format is asked for, and the model
    /// names no end token.
    /// </exception>
    /// <exception cref="UnsupportedSchemaException">The schema of the response format is invalid, or not supported.</exception>
    /// <exception cref="InvalidOperationException">A response format is asked for, and the model has no tokenizer.</exception>
    /// <exception cref="ObjectDisposedException">The engine was disposed.</exception>
    public IAsyncEnumerable<CompletionUpdate> GenerateAsync(
        Prompt prompt, GenerationOptions? options = null, CancellationToken cancellationToken = default) =>
        GenerateAsync(prompt, options, null, cancellationToken);

    /// <summary>Gives a whole completion.</summary>
    /// <inheritdoc cref="GenerateAsync(Prompt, GenerationOptions?, CancellationToken)"/>
    public Task<Completion> CompleteAsync(
        Prompt prompt, GenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        if (options?.Choices > 1)
            throw new ArgumentException($"{nameof(CompleteAsync)} gives one choice; {nameof(CompleteAllAsync)} gives all.", nameof(options));
        return CompletionBuilder.CollectAsync(GenerateAsync(prompt, AtTheEnd(options), cancellationToken));
    }

    /// <summary>Gives whole completions, as many as <see cref="GenerationOptions.Choices"/> says, in order.</summary>
    /// <inheritdoc cref="GenerateAsync(Prompt, GenerationOptions?, CancellationToken)"/>
    public Task<IReadOnlyList<Completion>> CompleteAllAsync(
        Prompt prompt, GenerationOptions? options = null, CancellationToken cancellationToken = default) =>
        CompletionBuilder.CollectAllAsync(GenerateAsync(prompt, AtTheEnd(options), cancellationToken), options?.Choices ?? 1);

    /// <summary>Embeds a text: pools the hidden states of its tokens into one vector.</summary>
    /// <param name="prompt">A text, token ids or messages.</param>
    /// <param name="options">How; null: the last token's hidden state, as it is.</param>
    /// <inheritdoc cref="GenerateAsync(Prompt, GenerationOptions?, CancellationToken)" path="/exception"/>
    public async Task<PromptEmbedding> EmbedAsync(
        Prompt prompt, EmbeddingOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        options ??= new EmbeddingOptions();
        OptionChecks.CheckTimeout(options.Timeout);
        if (!Enum.IsDefined(options.Pooling))
            throw new ArgumentOutOfRangeException(nameof(options), options.Pooling, "Not a way of pooling.");
        int[] tokens = EncodeToFit(prompt, 0);
        var request = new EmbeddingRequest(tokens, Model.Configuration.HiddenSize, options.Pooling, cancellationToken)
        {
            Priority = options.Priority,
            Timeout = options.Timeout,
            Gauge = _engine.Gauge,
        };
        await _engine.RunAsync(request, Telemetry.Embeddings).ConfigureAwait(false);
        return new PromptEmbedding(request.ToVector(options.Normalize), request.Usage);
    }

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

    /// <summary>The tokens a prompt becomes.</summary>
    /// <param name="addGenerationPrompt">End a chat with the header of the reply, where the template has one.</param>
    internal int[] Tokenize(Prompt prompt, bool addGenerationPrompt) => _encoder.Encode(prompt, addGenerationPrompt);

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
            int sequence = i;
            requests.Add(new LogitsRequest(EncodeToFit(sequences[i], 0), (position, logits) => rowLogits(sequence, position, logits), cancellationToken));
        }
        foreach (LogitsRequest request in requests)
            _engine.Loop.Submit(request);
        return Task.WhenAll(requests.Select(request => request.Completion));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        _engine.Dispose();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _disposed != 0 ? ValueTask.CompletedTask : new ValueTask(Task.Run(Dispose));

    private static InferenceEngine Load(
        EngineOptions options,
        Func<ModelFile> open,
        IProgress<LoadProgress>? progress,
        CancellationToken cancellationToken,
        Func<EngineOptions, IBackend>? createBackend = null)
    {
        ILogger? logger = options.LoggerFactory?.CreateLogger<InferenceEngine>();
        LoadedModel model = LoadedModel.Load(options, open, progress, cancellationToken, createBackend);
        if (logger is not null)
        {
            ModelInfo info = model.Info;
            Log.ModelLoaded(logger, info.Path, info.WeightBytes, info.WeightType, info.ContextLength, info.LoadTime.TotalSeconds);
        }
        return new InferenceEngine(model, options, logger);
    }

    /// <summary>Streams a completion of a conversation, whose blocks <paramref name="retention"/> keeps when it ends well.</summary>
    internal IAsyncEnumerable<CompletionUpdate> GenerateAsync(
        Prompt prompt, GenerationOptions? options, RetainedPrefix? retention, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        options = WithForcedCall(options ?? new GenerationOptions(), prompt);
        SamplingParameters parameters = SamplingParameters.Resolve(
            options, _model.GenerationConfig, Model.Configuration.VocabularySize, Model.EndTokenIds);
        parameters = parameters with { Structure = _engine.Structures.Get(options.ResponseFormat, cancellationToken) };
        if (parameters is { Structure: not null, StopTokens.IsEmpty: true })
            throw new NotSupportedException("The model names no end token, so a response format could not end; name one in StopTokens.");
        int[] tokens = EncodeToFit(prompt, 1);
        parameters = parameters with { ShownTokens = _encoder.ShownTokens(prompt) };
        int room = _model.Memory.SequenceLimit - tokens.Length;
        string operation = prompt.Messages is null ? Telemetry.TextCompletion : Telemetry.Chat;
        var plan = new CompletionPlan(operation, tokens, Math.Min(parameters.MaxTokens ?? room, room), parameters, options, retention);
        return new CompletionStream(_engine, plan).ReadAllAsync(cancellationToken);
    }

    private static GenerationOptions AtTheEnd(GenerationOptions? options) => (options ?? new GenerationOptions()) with { Pace = UpdatePace.AtTheEnd };

    /// <summary>The tokens of a prompt that leaves room for so many more.</summary>
    private int[] EncodeToFit(Prompt prompt, int more, bool addGenerationPrompt = true)
    {
        int[] tokens = _encoder.Encode(prompt, addGenerationPrompt);
        if (tokens.Length + more > _model.Memory.SequenceLimit)
            throw new ContextLengthExceededException(tokens.Length + more, _model.Memory.SequenceLimit);
        return tokens;
    }
}

/// <summary>Takes the logits of one position; they are valid during the call.</summary>
internal delegate void LogitRowHandler(int sequence, int position, ReadOnlySpan<float> logits);
