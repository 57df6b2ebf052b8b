namespace LlamaEngine.Sampling;

/// <summary>Room that sampling one token takes: up to a few vocabularies of numbers, grown on first use.</summary>
/// <remarks>Holds nothing between two tokens, so samplers that take turns on one thread (an engine's loop) share one.</remarks>
internal sealed class SamplerScratch
{
    private float[] _exponentials = [];

    /// <summary>Creates scratch for a vocabulary.</summary>
    public SamplerScratch(int vocabularySize)
    {
        VocabularySize = vocabularySize;
        Penalties = new Penalties(vocabularySize);
        Candidates = new Candidates(Selection);
    }

    /// <summary>Logits a row has.</summary>
    public int VocabularySize { get; }

    /// <summary>Finds the best of many.</summary>
    public TopSelection Selection { get; } = new();

    /// <summary>Counts tokens.</summary>
    public Penalties Penalties { get; }

    /// <summary>Narrows the choice.</summary>
    public Candidates Candidates { get; }

    /// <summary>ln Σ e^logit of a whole row, given its largest logit.</summary>
    public double LogSumExp(ReadOnlySpan<float> logits, float max)
    {
        Span<float> exponentials = Buffers.AtLeast(ref _exponentials, logits.Length);
        LogitMath.Scale(logits, max, 1, exponentials);
        LogitMath.Exp(exponentials, exponentials);
        return max + Math.Log(LogitMath.Sum(exponentials));
    }
}
