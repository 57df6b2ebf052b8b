using System.Collections.Immutable;
using System.Diagnostics;
using LlamaEngine.Backends;
using LlamaEngine.Sampling;

namespace LlamaEngine.Scheduling;

/// <summary>
/// A completion that a caller waits for. The loop thread writes its tokens, the caller reads them: what <see cref="Progress"/>
/// counts does not change any more, so the two need no lock and the hand-over takes no memory.
/// </summary>
internal sealed class GenerationRequest : Sequence
{
    private readonly int[] _tokens;
    private readonly float[] _logProbabilities;
    private readonly ImmutableArray<TokenLogProbability>[] _alternatives;
    private readonly Sampler _sampler;
    private readonly CompletionText? _stopText;
    private readonly AsyncSignal _signal;
    private ImmutableArray<GenerationRequest> _followers = [];
    private readonly bool _drawable;
    private int _generated, _undrawn, _progress;
    private long _firstToken, _lastToken;

    /// <summary>Creates a request.</summary>
    /// <param name="prompt">Its tokens; at least one.</param>
    /// <param name="maxTokens">Most tokens to generate; prompt and these fit the context.</param>
    /// <param name="parameters">Validated sampling parameters.</param>
    /// <param name="scratch">The loop's room for sampling.</param>
    /// <param name="stopText">Decodes the tokens and looks for stop strings; null if there are none.</param>
    /// <param name="signal">Set whenever there is news.</param>
    /// <param name="cancellation">The caller's.</param>
    public GenerationRequest(
        ReadOnlySpan<int> prompt,
        int maxTokens,
        SamplingParameters parameters,
        SamplerScratch scratch,
        CompletionText? stopText,
        AsyncSignal signal,
        CancellationToken cancellation)
        : base(cancellation)
    {
        _tokens = new int[prompt.Length + maxTokens];
        prompt.CopyTo(_tokens);
        _logProbabilities = parameters.TopLogProbabilities is null ? [] : new float[maxTokens];
        _alternatives = parameters.TopLogProbabilities is null or 0 ? [] : new ImmutableArray<TokenLogProbability>[maxTokens];
        PromptLength = prompt.Length;
        MaxTokens = maxTokens;
        Parameters = parameters;
        _sampler = new Sampler(parameters, scratch);
        _drawable = maxTokens > 0 && DeviceSampling.Supports(parameters);
        _stopText = stopText;
        _signal = signal;
    }

    /// <summary>Tokens of the prompt.</summary>
    public int PromptLength { get; }

    /// <summary>Most tokens to generate.</summary>
    public int MaxTokens { get; }

    /// <summary>How tokens are sampled and which end the completion.</summary>
    public SamplingParameters Parameters { get; }

    /// <summary>Tokens that may be read, by index from 0, and whether those are all there will be.</summary>
    public (int Generated, bool HasEnded) Progress
    {
        get
        {
            int progress = Volatile.Read(ref _progress);
            return (progress >> 1, (progress & 1) != 0);
        }
    }

    /// <summary>Why it ended; None where <see cref="Error"/> says it.</summary>
    public FinishReason Finish { get; private set; }

    /// <summary>What it ended with, if not well.</summary>
    public Exception? Error { get; private set; }

    /// <inheritdoc/>
    public override ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, PromptLength + _generated + _undrawn);

    /// <inheritdoc/>
    public override int Undrawn => _undrawn;

    /// <inheritdoc/>
    public override int MaxLength => Math.Max(PromptLength, _tokens.Length - 1);

    /// <inheritdoc/>
    public override WantedRows WantedLogits => WantedRows.Last;

    /// <inheritdoc/>
    public override int GeneratedTokens => _generated;

    /// <summary>Further completions of the same prompt, to be forked from this one when it is computed; never submitted themselves.</summary>
    public ImmutableArray<GenerationRequest> Followers
    {
        init => _followers = value;
    }

    /// <summary>Tokens used so far; exact once it has ended.</summary>
    public TokenUsage Usage => new(PromptLength, _generated, Math.Max(0, CachedTokens));

    /// <summary>Where the time went; exact once it has ended.</summary>
    public CompletionTimings Timings => TimingsOf(_firstToken, _lastToken);

    /// <summary>A generated token.</summary>
    public int TokenAt(int index) => _tokens[PromptLength + index];

    /// <summary>Its log probability; null unless asked for.</summary>
    public float? LogProbabilityAt(int index) => _logProbabilities.Length == 0 ? null : _logProbabilities[index];

    /// <summary>Its likeliest alternatives; empty unless asked for.</summary>
    public ImmutableArray<TokenLogProbability> AlternativesAt(int index) => _alternatives.Length == 0 ? [] : _alternatives[index];

    /// <inheritdoc/>
    public override ReadOnlySpan<Sequence> TakeFollowers()
    {
        ImmutableArray<GenerationRequest> followers = _followers;
        _followers = [];
        return ReadOnlySpan<Sequence>.CastUp(followers.AsSpan());
    }

    /// <inheritdoc/>
    public override bool TryDraw(SamplingPlan sampling, int row)
    {
        // The first of several choices shares its logits with the others.
        if (!_drawable || !_followers.IsEmpty)
            return false;
        int known = PromptLength + _generated, drawing = _undrawn > 0 ? ~_tokens[known] : -1;
        if (!DeviceSampling.TryWrite(sampling, row, Parameters, _tokens.AsSpan(0, known), PromptLength, drawing))
            return false;
        _tokens[known + _undrawn++] = ~row;
        return true;
    }

    /// <inheritdoc/>
    public override bool TakeDrawn(int token)
    {
        _lastToken = Stopwatch.GetTimestamp();
        _undrawn--;
        return Append(token);
    }

    /// <inheritdoc/>
    public override bool TakeLogits(int position, Span<float> logits)
    {
        _lastToken = Stopwatch.GetTimestamp();
        if (MaxTokens == 0)
        {
            Finish = FinishReason.Length;
            return true;
        }
        SampledToken sampled = _sampler.Sample(logits, _tokens.AsSpan(0, PromptLength + _generated), PromptLength);
        if (_logProbabilities.Length > 0)
            _logProbabilities[_generated] = sampled.LogProbability!.Value;
        if (_alternatives.Length > 0)
            _alternatives[_generated] = [.. _sampler.TopLogProbabilities];
        return Append(sampled.TokenId);
    }

    /// <inheritdoc/>
    protected override void ForgetUndrawn() => _undrawn = 0;

    private bool Append(int token)
    {
        _tokens[PromptLength + _generated] = token;
        if (_firstToken == 0)
            _firstToken = _lastToken;
        _generated++;
        Finish = FinishAfter(token);
        if (Finish != FinishReason.None)
            return true; // published with the end, so that the last token is seen to be the last
        Publish(ended: false);
        return false;
    }

    /// <inheritdoc/>
    protected override void OnEnded(Exception? exception)
    {
        foreach (Sequence follower in TakeFollowers())
            follower.End(exception);
        Error = exception;
        Publish(ended: true);
    }

    private void Publish(bool ended)
    {
        Volatile.Write(ref _progress, _generated << 1 | (ended ? 1 : 0));
        _signal.Set(urgent: ended);
    }

    private FinishReason FinishAfter(int token)
    {
        if (Parameters.IsStopToken(token))
            return FinishReason.Stop;
        _stopText?.Append(token);
        if (_stopText?.Stopped == true)
            return FinishReason.Stop;
        return _generated == MaxTokens ? FinishReason.Length : FinishReason.None;
    }
}
