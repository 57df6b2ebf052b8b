using System.Collections.Immutable;
using System.Diagnostics;
using System.Threading.Channels;
using LlamaEngine.Backends;
using LlamaEngine.Sampling;

namespace LlamaEngine.Scheduling;

/// <summary>A completion that a caller waits for: written by the loop thread, read by the caller through <see cref="Events"/>.</summary>
internal sealed class GenerationRequest : Sequence
{
    private readonly Channel<TokenEvent> _channel = Channel.CreateUnbounded<TokenEvent>(
        new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
    private readonly int[] _tokens;
    private readonly Sampler _sampler;
    private readonly CompletionText? _stopText;
    private int _generated;
    private long _started, _firstToken, _lastToken;

    /// <summary>Creates a request.</summary>
    /// <param name="prompt">Its tokens; at least one.</param>
    /// <param name="maxTokens">Most tokens to generate; prompt and these fit the context.</param>
    /// <param name="parameters">Validated sampling parameters.</param>
    /// <param name="scratch">The loop's room for sampling.</param>
    /// <param name="stopText">Decodes the tokens and looks for stop strings; null if there are none.</param>
    /// <param name="cancellation">The caller's.</param>
    public GenerationRequest(
        ReadOnlySpan<int> prompt,
        int maxTokens,
        SamplingParameters parameters,
        SamplerScratch scratch,
        CompletionText? stopText,
        CancellationToken cancellation)
        : base(cancellation)
    {
        _tokens = new int[prompt.Length + maxTokens];
        prompt.CopyTo(_tokens);
        PromptLength = prompt.Length;
        MaxTokens = maxTokens;
        Parameters = parameters;
        _sampler = new Sampler(parameters, scratch);
        _stopText = stopText;
    }

    /// <summary>Tokens of the prompt.</summary>
    public int PromptLength { get; }

    /// <summary>Most tokens to generate.</summary>
    public int MaxTokens { get; }

    /// <summary>How tokens are sampled and which end the completion.</summary>
    public SamplingParameters Parameters { get; }

    /// <summary>What was generated, as it happens.</summary>
    public ChannelReader<TokenEvent> Events => _channel.Reader;

    /// <inheritdoc/>
    public override ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, PromptLength + _generated);

    /// <inheritdoc/>
    public override int MaxLength => Math.Max(PromptLength, _tokens.Length - 1);

    /// <inheritdoc/>
    public override WantedLogits Wanted => WantedLogits.Last;

    /// <summary>Tokens used so far; exact once <see cref="Events"/> is complete.</summary>
    public TokenUsage Usage => new(PromptLength, _generated, Math.Max(0, CachedTokens));

    /// <summary>Where the time went; exact once <see cref="Events"/> is complete.</summary>
    public CompletionTimings Timings
    {
        get
        {
            long first = _firstToken == 0 ? _lastToken : _firstToken;
            return new CompletionTimings(
                Stopwatch.GetElapsedTime(Created, _started), Stopwatch.GetElapsedTime(_started, first), Stopwatch.GetElapsedTime(first, _lastToken));
        }
    }

    /// <inheritdoc/>
    public override bool TakeLogits(int position, Span<float> logits)
    {
        _lastToken = Stopwatch.GetTimestamp();
        if (MaxTokens == 0)
        {
            _channel.Writer.TryWrite(new TokenEvent(null, default, FinishReason.Length));
            return true;
        }
        SampledToken sampled = _sampler.Sample(logits, Tokens, PromptLength);
        _tokens[PromptLength + _generated++] = sampled.TokenId;
        if (_firstToken == 0)
            _firstToken = _lastToken;
        FinishReason finish = Finish(sampled.TokenId);
        _channel.Writer.TryWrite(new TokenEvent(sampled, TopLogProbabilities(), finish));
        return finish != FinishReason.None;
    }

    /// <inheritdoc/>
    public override void Complete() => _channel.Writer.TryComplete();

    /// <inheritdoc/>
    public override void Fail(Exception exception) => _channel.Writer.TryComplete(exception);

    /// <inheritdoc/>
    protected override void OnStarted() => _started = Stopwatch.GetTimestamp();

    private FinishReason Finish(int token)
    {
        if (Parameters.IsStopToken(token))
            return FinishReason.Stop;
        _stopText?.Append(token);
        if (_stopText?.Stopped == true)
            return FinishReason.Stop;
        return _generated == MaxTokens ? FinishReason.Length : FinishReason.None;
    }

    private ImmutableArray<TokenLogProbability> TopLogProbabilities() =>
        Parameters.TopLogProbabilities > 0 ? [.. _sampler.TopLogProbabilities] : default;
}
