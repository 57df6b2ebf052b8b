using LlamaEngine.Sampling.Structured.Masks;

namespace LlamaEngine.Sampling;

/// <summary>A sampled token.</summary>
/// <param name="TokenId">The token.</param>
/// <param name="LogProbability">ln p after penalties, before temperature and truncation; null unless asked for.</param>
internal readonly record struct SampledToken(int TokenId, float? LogProbability);

/// <summary>
/// Samples the tokens of one request, in this order: custom processors on the raw logits, the response format, logit bias, banned tokens,
/// end tokens that would come too early, penalties; then log probabilities are taken; then the best token (temperature 0),
/// or temperature, top-k, typical-p, top-p, min-p and a draw.
/// </summary>
/// <remarks>
/// <para>Up to the log probabilities the order is vLLM's: what is forbidden stays forbidden, and penalties see biased logits.
/// Temperature comes before truncation, as in Hugging Face transformers and vLLM, rather than last, as in llama.cpp: the values that
/// models publish (0.6 with top-p 0.9) were chosen that way. The truncations themselves run in llama.cpp's order, each
/// judging by probabilities among what the one before left over.</para>
/// <para>The draw for output token n is number n of the seed's <see cref="RandomStream"/>: a sampler has no state of its own, and a
/// sequence that is resumed elsewhere goes on as it would have; what a response format allows follows from the tokens, too. Not thread-safe; allocates nothing per token once its
/// scratch has grown.</para>
/// </remarks>
internal sealed class Sampler
{
    private readonly SamplingParameters _parameters;
    private readonly SamplerScratch _scratch;
    private readonly RandomStream _random;
    private readonly TokenLogProbability[] _top;
    private readonly StructureFollower? _structure;
    private int _topCount;

    /// <summary>Creates the sampler of a request.</summary>
    /// <param name="scratch">Shared room, used by one sampler at a time; null: its own.</param>
    public Sampler(SamplingParameters parameters, SamplerScratch? scratch = null)
    {
        _parameters = parameters;
        _scratch = scratch ?? new SamplerScratch(parameters.VocabularySize);
        if (_scratch.VocabularySize != parameters.VocabularySize)
            throw new ArgumentException("The scratch is for another vocabulary.", nameof(scratch));
        _random = new RandomStream(parameters.Seed);
        _structure = parameters.Structure is { } structure ? new StructureFollower(structure) : null;
        _top = new TokenLogProbability[Math.Min(parameters.TopLogProbabilities ?? 0, parameters.VocabularySize)];
    }

    /// <summary>The likeliest tokens of the last step, best first, the lower id first among equals; valid until the next.</summary>
    public ReadOnlySpan<TokenLogProbability> TopLogProbabilities => _top.AsSpan(0, _topCount);

    /// <summary>Samples the next token.</summary>
    /// <param name="logits">One value a token of the vocabulary; overwritten.</param>
    /// <param name="tokens">Prompt and output so far.</param>
    /// <param name="promptLength">How many of them are the prompt.</param>
    /// <exception cref="ArgumentException">There are more or fewer logits than tokens in the vocabulary, or the prompt is longer than the sequence.</exception>
    /// <exception cref="NotFiniteNumberException">A logit is NaN or +∞.</exception>
    /// <exception cref="InvalidOperationException">No token is allowed.</exception>
    public SampledToken Sample(Span<float> logits, ReadOnlySpan<int> tokens, int promptLength)
    {
        if (logits.Length != _parameters.VocabularySize)
            throw new ArgumentException($"There are {logits.Length} logits for {_parameters.VocabularySize} tokens.", nameof(logits));
        ArgumentOutOfRangeException.ThrowIfNegative(promptLength);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(promptLength, tokens.Length);
        int generated = tokens.Length - promptLength;
        Adjust(logits, tokens, promptLength, generated);
        int best = LogitMath.IndexOfMax(logits);
        if (best < 0)
            throw NoneAllowed();
        double? logSumExp = _parameters.TopLogProbabilities is null ? null : _scratch.LogSumExp(logits, logits[best]);
        if (logSumExp is { } total)
            FillTop(logits, total);
        int token = _parameters.Temperature == 0 ? best : Draw(logits, logits[best], generated);
        if (!_parameters.IsStopToken(token))
            _structure?.Prepare(token);
        return new SampledToken(token, logSumExp is { } sum ? LogProbability(logits[token], sum) : null);
    }

    /// <summary>Why nothing could be drawn from a row of adjusted logits: what <see cref="Sample"/> would throw.</summary>
    public static Exception NothingDrawn(ReadOnlySpan<float> logits)
    {
        try
        {
            return LogitMath.IndexOfMax(logits) < 0
                ? NoneAllowed()
                : new InvalidOperationException("The device drew no token from logits that allow one.");
        }
        catch (NotFiniteNumberException exception)
        {
            return exception;
        }
    }

    private static InvalidOperationException NoneAllowed() =>
        new("No token is allowed: bias, bans, logit processors and the response format forbid them all.");

    private void Adjust(Span<float> logits, ReadOnlySpan<int> tokens, int promptLength, int generated)
    {
        foreach (ILogitProcessor processor in _parameters.LogitProcessors)
            processor.Process(tokens, promptLength, logits);
        _structure?.Apply(logits, tokens[promptLength..], _parameters.StopTokens.AsSpan());
        foreach ((int token, float bias) in _parameters.LogitBias)
            logits[token] += bias;
        Forbid(logits, _parameters.BannedTokens.AsSpan());
        if (generated < _parameters.MinTokens && _structure?.IsClosed != true)
            Forbid(logits, _parameters.LateTokens.AsSpan());
        _scratch.Penalties.Apply(logits, tokens, promptLength, _parameters);
    }

    private static void Forbid(Span<float> logits, ReadOnlySpan<int> tokens)
    {
        foreach (int token in tokens)
            logits[token] = float.NegativeInfinity;
    }

    private int Draw(ReadOnlySpan<float> logits, float max, int generated)
    {
        Candidates candidates = _scratch.Candidates;
        candidates.Load(logits, max, _parameters.Temperature, _parameters.TopK);
        if (_parameters.TypicalP < 1)
            candidates.KeepTypical(_parameters.TypicalP);
        if (_parameters.TopP < 1)
            candidates.KeepNucleus(_parameters.TopP);
        if (_parameters.MinP > 0)
            candidates.KeepLikely(_parameters.MinP);
        return candidates.Draw(_random[generated]);
    }

    private void FillTop(ReadOnlySpan<float> logits, double logSumExp)
    {
        ReadOnlySpan<ulong> best = _scratch.Selection.Best(logits, _top.Length);
        _topCount = best.Length;
        // Where a form allows a few tokens only, there are no more alternatives.
        while (_structure is not null && _topCount > 0 && float.IsNegativeInfinity(RankingKey.Score(best[_topCount - 1])))
            _topCount--;
        for (int i = 0; i < _topCount; i++)
            _top[i] = new TokenLogProbability(RankingKey.Index(best[i]), LogProbability(RankingKey.Score(best[i]), logSumExp));
    }

    private static float LogProbability(float logit, double logSumExp) => Math.Min(0, (float)(logit - logSumExp));
}
