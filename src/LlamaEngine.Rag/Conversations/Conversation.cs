namespace LlamaEngine.Rag;

/// <summary>A conversation in the log, without its turns.</summary>
/// <param name="Id">Its name: 128 random bits as 32 lower-case hexadecimal digits.</param>
/// <param name="Title">What it is called: what it was given, else its first question, shortened; empty before that.</param>
/// <param name="Created">When it was made.</param>
/// <param name="Updated">When a turn was last added to it; when it was made, if there is none.</param>
/// <param name="Turns">How many turns it has.</param>
public sealed record Conversation(string Id, string Title, DateTimeOffset Created, DateTimeOffset Updated, int Turns);

/// <summary>A question in a conversation, and what became of it.</summary>
public sealed record ConversationTurn
{
    /// <summary>What was asked.</summary>
    public required string Question { get; init; }

    /// <summary>The answer, or as much of it as there was.</summary>
    public required string Text { get; init; }

    /// <summary>How the answer ended.</summary>
    public required TurnStatus Status { get; init; }

    /// <summary>What was looked for; empty if the answer ended before that was known.</summary>
    public string Query { get; init; } = "";

    /// <summary>The passages that the model was shown. They are copies: what they say stays although their documents change or go.</summary>
    public IReadOnlyList<CitedPassage> Passages { get; init; } = [];

    /// <summary>The numbers of those that the answer rests on.</summary>
    public IReadOnlyList<int> Cited { get; init; } = [];

    /// <summary>What the answer took; zeros if it did not come to its end.</summary>
    public AnswerUsage Usage { get; init; } = new();
}

/// <summary>How an answer ended.</summary>
public enum TurnStatus
{
    /// <summary>It is whole.</summary>
    Complete,

    /// <summary>It is whole: the documents do not say.</summary>
    Refused,

    /// <summary>Whoever asked stopped it.</summary>
    Stopped,

    /// <summary>An error ended it.</summary>
    Failed,
}
