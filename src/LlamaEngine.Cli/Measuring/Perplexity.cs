using LlamaEngine.Tokenization;

namespace LlamaEngine.Cli.Measuring;

/// <summary>
/// Perplexity of a text as llama.cpp's tool measures it: the text is cut into chunks of one context, each is computed from
/// position 0 with BOS in place of its first token where the model's rule adds BOS, and the second half of each is scored.
/// </summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class Perplexity
{
    private readonly int[] _tokens;
    private readonly int _context;
    private readonly int? _bos;
    private double _negativeLogLikelihood;

    /// <summary>Prepares the chunks.</summary>
    /// <param name="tokens">The text, BOS before it where the model's rule adds BOS.</param>
    /// <param name="context">Tokens of a chunk, at least 4.</param>
    /// <param name="bos">What takes the place of a chunk's first token; null: it stays.</param>
    /// <exception cref="FailureException">The text is shorter than two chunks.</exception>
    public Perplexity(int[] tokens, int context, int? bos)
    {
        if (tokens.Length < 2L * context)
        {
            throw new FailureException(
                $"The text has {tokens.Length} tokens; a context of {context} needs at least {2L * context}. Lower --context or give more text.");
        }
        (_tokens, _context, _bos) = (tokens, context, bos);
    }

    /// <summary>Number of chunks; tokens behind the last whole one are left out.</summary>
    public int ChunkCount => _tokens.Length / _context;

    /// <summary>Tokens scored so far.</summary>
    public int ScoredTokens { get; private set; }

    /// <summary>exp of the mean negative log likelihood of what was scored so far.</summary>
    public double Value => Math.Exp(_negativeLogLikelihood / ScoredTokens);

    /// <summary>The tokens of a text as this method takes them.</summary>
    public static int[] Tokenize(Tokenizer tokenizer, string text)
    {
        int[] ids = tokenizer.Encode(text);
        return BosOf(tokenizer) is { } bos ? [bos, .. ids] : ids;
    }

    /// <summary>The BOS token where the model's rule adds it; otherwise null.</summary>
    public static int? BosOf(Tokenizer tokenizer) => tokenizer.AddsBos ? tokenizer.BosTokenId : null;

    /// <summary>What the model has to compute for a chunk.</summary>
    public int[] GetChunk(int index)
    {
        int[] chunk = _tokens[(index * _context)..((index + 1) * _context)];
        chunk[0] = _bos ?? chunk[0];
        return chunk;
    }

    /// <summary>Takes the logits of a chunk's position; those of the first half and of the last token score nothing.</summary>
    public void Add(int chunk, int position, ReadOnlySpan<float> logits)
    {
        if (position < _context / 2 || position >= _context - 1)
            return;
        _negativeLogLikelihood -= LogProbability(logits, _tokens[chunk * _context + position + 1]);
        ScoredTokens++;
    }

    /// <summary>ln of the softmax of <paramref name="logits"/> at <paramref name="token"/>.</summary>
    internal static double LogProbability(ReadOnlySpan<float> logits, int token)
    {
        float greatest = float.NegativeInfinity;
        foreach (float logit in logits)
            greatest = MathF.Max(greatest, logit);
        double sum = 0;
        foreach (float logit in logits)
            sum += MathF.Exp(logit - greatest);
        return logits[token] - greatest - Math.Log(sum);
    }
}
