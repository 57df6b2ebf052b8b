namespace LlamaEngine.Rag;

/// <summary>How passages are looked for. Immutable.</summary>
public sealed record RetrievalOptions
{
    /// <summary>What is asked: the full text, the vectors, or both.</summary>
    public RetrievalMode Mode { get; init; } = RetrievalMode.Fused;

    /// <summary>At most so many passages are given; 1 … 1,000.</summary>
    public int TopK { get; init; } = 5;

    /// <summary>How many of each ranking are fused; at least <see cref="TopK"/>, at most 10,000.</summary>
    public int Candidates { get; init; } = 50;

    /// <summary>At most so many tokens in all: worse passages that do not fit are left out. Null: no limit. The best one is always given.</summary>
    public int? TokenBudget { get; init; }

    /// <summary>Passages with less of the query's words (<see cref="RetrievedPassage.Coverage"/>) are left out, unless they are similar enough; 0 … 1.</summary>
    public double MinimumCoverage { get; init; }

    /// <summary>Passages whose similarity reaches this are given whatever their words; null: only words count.</summary>
    public float? MinimumSimilarity { get; init; }

    /// <summary>
    /// The constant of reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009); at least 0. Theirs is 60, for long lists of equal worth; a
    /// smaller one lets first ranks count more.
    /// </summary>
    public double RankConstant { get; init; } = 1;

    /// <summary>What a rank by BM25 counts in the fusion; at least 0.</summary>
    public double TextWeight { get; init; } = 1;

    /// <summary>
    /// What a rank by similarity counts in the fusion; at least 0. The default is for vectors of small language models: what is most similar stands
    /// before all that BM25 alone puts fifth or later. For a model that was trained to embed, 1 is usual.
    /// </summary>
    public double VectorWeight { get; init; } = 0.35;

    /// <summary>
    /// Compares vectors after each dimension was brought to mean 0 and standard deviation 1 over the index. In vectors of language models a few
    /// dimensions are so large in all texts that they decide the cosine alone (Timkey and van Schijndel, "All bark and no bite", EMNLP 2021).
    /// <see cref="RetrievedPassage.Similarity"/> then is the cosine after that.
    /// </summary>
    public bool StandardizeVectors { get; init; } = true;

    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range.</exception>
    internal void Validate()
    {
        Require(Enum.IsDefined(Mode), Mode, nameof(Mode), "Fused, Text or Vectors");
        Require(TopK is >= 1 and <= 1000, TopK, nameof(TopK), "1 … 1,000");
        Require(Candidates >= TopK && Candidates <= 10_000, Candidates, nameof(Candidates), "TopK … 10,000");
        Require(TokenBudget is null or >= 1, TokenBudget, nameof(TokenBudget), "null, or at least 1");
        Require(MinimumCoverage is >= 0 and <= 1, MinimumCoverage, nameof(MinimumCoverage), "0 … 1");
        Require(MinimumSimilarity is null or (>= -1 and <= 1), MinimumSimilarity, nameof(MinimumSimilarity), "null, or −1 … 1");
        Require(RankConstant >= 0 && double.IsFinite(RankConstant), RankConstant, nameof(RankConstant), "at least 0, and finite");
        Require(TextWeight >= 0 && double.IsFinite(TextWeight), TextWeight, nameof(TextWeight), "at least 0, and finite");
        Require(VectorWeight >= 0 && double.IsFinite(VectorWeight), VectorWeight, nameof(VectorWeight), "at least 0, and finite");
        Require(Mode != RetrievalMode.Fused || TextWeight + VectorWeight > 0, VectorWeight, nameof(VectorWeight), "greater than 0 where TextWeight is 0");
    }

    private static void Require(bool holds, object? value, string name, string range)
    {
        if (!holds)
            throw new ArgumentOutOfRangeException(name, value, $"{name} has to be {range}.");
    }
}

/// <summary>Which rankings are asked.</summary>
public enum RetrievalMode
{
    /// <summary>Full text and vectors, their ranks fused.</summary>
    Fused,

    /// <summary>Full text alone, by BM25.</summary>
    Text,

    /// <summary>Vectors alone, by cosine similarity.</summary>
    Vectors,
}
