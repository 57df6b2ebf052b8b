namespace LlamaEngine.Rag;

/// <summary>How passages are looked for. Immutable.</summary>
public sealed record RetrievalOptions
{
    /// <summary>What is asked: the full text, the vectors, or both.</summary>
    public RetrievalMode Mode { get; init; } = RetrievalMode.Fused;

    /// <summary>At most so many passages are given; 1 … 1,000.</summary>
    public int TopK { get; init; } = 5;

    /// <summary>How many of each ranking are fused; at least <see cref="TopK"/>.</summary>
    public int Candidates { get; init; } = 50;

    /// <summary>At most so many tokens in all: worse passages that do not fit are left out. Null: no limit. The best one is always given.</summary>
    public int? TokenBudget { get; init; }

    /// <summary>Passages with less of the query's words (<see cref="RetrievedPassage.Coverage"/>) are left out, unless they are similar enough; 0 … 1.</summary>
    public double MinimumCoverage { get; init; }

    /// <summary>Passages whose similarity reaches this are given whatever their words; null: only words count.</summary>
    public float? MinimumSimilarity { get; init; }

    /// <summary>The constant of reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009).</summary>
    public double RankConstant { get; init; } = 60;

    /// <summary>What a rank by BM25 counts in the fusion; at least 0.</summary>
    public double TextWeight { get; init; } = 1;

    /// <summary>What a rank by similarity counts in the fusion; at least 0.</summary>
    public double VectorWeight { get; init; } = 1;
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
