namespace LlamaEngine.Rag;

/// <summary>One step on the way to an answer.</summary>
public abstract record AnswerUpdate;

/// <summary>The first step: what will be answered from.</summary>
/// <param name="Query">What was looked for: the question, or what it was rewritten to.</param>
/// <param name="Passages">What was found, in the order of their numbers; none: the answer will be a refusal.</param>
public sealed record PassagesFound(string Query, IReadOnlyList<CitedPassage> Passages) : AnswerUpdate;

/// <summary>More of the answer's text.</summary>
/// <param name="Text">A piece of it; never empty.</param>
public sealed record AnswerText(string Text) : AnswerUpdate;

/// <summary>The last step.</summary>
/// <param name="Answer">The whole.</param>
public sealed record AnswerCompleted(Answer Answer) : AnswerUpdate;

/// <summary>A passage that an answer may cite, by its number.</summary>
/// <param name="Number">What the answer's text calls it, as in "[1]"; from 1.</param>
/// <param name="Passage">The passage.</param>
public sealed record CitedPassage(int Number, Passage Passage);

/// <summary>An answer to a question, and what it rests on.</summary>
public sealed record Answer
{
    /// <summary>What was asked.</summary>
    public required string Question { get; init; }

    /// <summary>What was looked for: the question, or what it was rewritten to.</summary>
    public required string Query { get; init; }

    /// <summary>The answer; citations stand in it as "[1]".</summary>
    public required string Text { get; init; }

    /// <summary>The documents do not say.</summary>
    public bool IsRefusal { get; init; }

    /// <summary>The passages that the model was shown.</summary>
    public IReadOnlyList<CitedPassage> Passages { get; init; } = [];

    /// <summary>The numbers of those that the answer rests on; empty for a refusal.</summary>
    public IReadOnlyList<int> Cited { get; init; } = [];

    /// <summary>What it took.</summary>
    public AnswerUsage Usage { get; init; } = new();
}

/// <summary>What an answer took.</summary>
public sealed record AnswerUsage
{
    /// <summary>Tokens of the prompt; 0 if the model was not asked.</summary>
    public int PromptTokens { get; init; }

    /// <summary>Tokens of the prompt that were computed before and only reused.</summary>
    public int ReusedTokens { get; init; }

    /// <summary>Tokens of the answer.</summary>
    public int AnswerTokens { get; init; }

    /// <summary>From the question to the passages.</summary>
    public TimeSpan Retrieval { get; init; }

    /// <summary>From the request to the model to its first token.</summary>
    public TimeSpan FirstToken { get; init; }

    /// <summary>From the question to the end of the answer.</summary>
    public TimeSpan Total { get; init; }
}

/// <summary>A question that was answered before, and its answer.</summary>
/// <param name="Question">What was asked.</param>
/// <param name="Answer">What was answered.</param>
public sealed record Exchange(string Question, string Answer)
{
    /// <summary>The passages that it was answered from, in the order of their numbers; they stay the beginning of the next prompt while that has room.</summary>
    public IReadOnlyList<Passage> Passages { get; init; } = [];
}
