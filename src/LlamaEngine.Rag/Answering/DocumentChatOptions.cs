namespace LlamaEngine.Rag;

/// <summary>How questions are answered from documents. Immutable.</summary>
public sealed record DocumentChatOptions
{
    /// <summary>What is said where the documents do not answer.</summary>
    public const string StandardRefusal = "The documents do not say.";

    /// <summary>Whether the model words the answer or quotes it.</summary>
    public AnswerStyle Style { get; init; } = AnswerStyle.Auto;

    /// <summary>How passages are looked for. A passage has to have some of the question's words, unless the host says otherwise.</summary>
    public RetrievalOptions Retrieval { get; init; } = new() { TopK = 8, MinimumCoverage = 0.15 };

    /// <summary>
    /// At most so many tokens of passages are shown to the model; null: half of its context, at most 1,500. Passages of earlier questions of the
    /// conversation stay among them while all fit, so that what was computed for them is not computed again.
    /// </summary>
    public int? PassageTokens { get; init; }

    /// <summary>At most so many tokens of answer; null: a quarter of the model's context, at most 512.</summary>
    public int? AnswerTokens { get; init; }

    /// <summary>So many earlier questions and answers are shown to a model that words its answers; 0 … 100.</summary>
    public int HistoryTurns { get; init; } = 4;

    /// <summary>
    /// Whether the model rewrites a question that refers to earlier ones into one that stands alone. Null: where it words its answers. Otherwise
    /// a question that refers back ("When was it built?") is looked for together with the one before.
    /// </summary>
    public bool? RewriteQuestions { get; init; }

    /// <summary>
    /// How much a sentence must have of the question to be quoted as its answer, 0 … 1: the share of the question's words, weighed by how rare
    /// they are, less where the kind of answer that is asked for (a number, a time, a name, a colour) is missing.
    /// </summary>
    public double MinimumEvidence { get; init; } = 0.55;

    /// <summary>What is said where the documents do not answer; not empty.</summary>
    public string Refusal { get; init; } = StandardRefusal;

    /// <summary>For so many sets of passages the engine keeps what it computed, besides its cache; 0 … 10,000. Engines in this process only.</summary>
    public int RetainedPrefixes { get; init; } = 16;

    /// <summary>How random worded answers are; 0: the likeliest word each time.</summary>
    public float Temperature { get; init; }

    /// <summary>Refuses what is out of its range.</summary>
    /// <exception cref="ArgumentException">An option is out of its range, or the refusal is empty.</exception>
    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Retrieval);
        ArgumentException.ThrowIfNullOrWhiteSpace(Refusal);
        Require(Enum.IsDefined(Style), Style, nameof(Style), "one of the styles");
        Require(PassageTokens is null or >= 1, PassageTokens, nameof(PassageTokens), "at least 1");
        Require(AnswerTokens is null or >= 1, AnswerTokens, nameof(AnswerTokens), "at least 1");
        Require(HistoryTurns is >= 0 and <= 100, HistoryTurns, nameof(HistoryTurns), "from 0 to 100");
        Require(MinimumEvidence is >= 0 and <= 1, MinimumEvidence, nameof(MinimumEvidence), "from 0 to 1");
        Require(RetainedPrefixes is >= 0 and <= 10_000, RetainedPrefixes, nameof(RetainedPrefixes), "from 0 to 10,000");
        Require(Temperature is >= 0 and <= 2, Temperature, nameof(Temperature), "from 0 to 2");
    }

    private static void Require(bool holds, object? value, string option, string range)
    {
        if (!holds)
            throw new ArgumentOutOfRangeException(option, value, $"{nameof(DocumentChatOptions)}.{option} must be {range}.");
    }
}

/// <summary>Where the words of an answer come from.</summary>
public enum AnswerStyle
{
    /// <summary>Models in this process of less than a billion parameters quote, all others word their answers.</summary>
    Auto,

    /// <summary>The model words the answer, told to use the passages only and to cite them.</summary>
    Worded,

    /// <summary>
    /// The answer is a sentence of a passage, word for word: where several bear on the question equally well, the model chooses. For models that are too
    /// small to be trusted with words of their own. Only with an engine in this process.
    /// </summary>
    Quoted,
}
