using LlamaEngine.Rag;
using RagChatbot.Reading;

namespace RagChatbot.Web;

/// <summary>A body that says nothing: <c>{}</c>.</summary>
internal sealed record EmptyRequest;

/// <summary>A conversation's new title.</summary>
internal sealed record TitleRequest(string? Title);

/// <summary>A question.</summary>
internal sealed record QuestionRequest(string? Question);

/// <summary>What went wrong (RFC 9457).</summary>
internal sealed record Problem(string Title, string Detail, int Status);

/// <summary>What the page shows above the conversation.</summary>
internal sealed record StatusReply(string Model, int Documents, int Chunks, IngestionView Ingestion);

/// <summary>How far reading the folder has come.</summary>
internal sealed record IngestionView(bool Running, int Done, int Total, string? Current, IReadOnlyList<FailedDocument> Failures);

/// <summary>Some conversations, and how many there are.</summary>
internal sealed record ConversationListReply(IReadOnlyList<ConversationView> Conversations, int Total);

/// <summary>A conversation in the list.</summary>
internal sealed record ConversationView(string Id, string Title, DateTimeOffset Created, DateTimeOffset Updated, int Turns)
{
    /// <summary>What the log says.</summary>
    public static ConversationView Of(Conversation conversation) =>
        new(conversation.Id, conversation.Title, conversation.Created, conversation.Updated, conversation.Turns);
}

/// <summary>A conversation and its turns; running: an answer is on its way that is not among them yet.</summary>
internal sealed record ConversationReply(string Id, string Title, bool Running, IReadOnlyList<TurnView> Turns);

/// <summary>A question and its answer; status: complete, refused, stopped or failed.</summary>
internal sealed record TurnView(
    string Question, string Query, string Text, string Status, IReadOnlyList<PassageView> Passages, IReadOnlyList<int> Cited, UsageView Usage)
{
    /// <summary>What the log says.</summary>
    public static TurnView Of(ConversationTurn turn) => new(
        turn.Question, turn.Query, turn.Text, turn.Status.ToString().ToLowerInvariant(), PassageView.Of(turn.Passages), turn.Cited, UsageView.Of(turn.Usage));
}

/// <summary>A passage that the model was shown; start: where it begins in the document's text, in UTF-16 code units.</summary>
internal sealed record PassageView(int Number, long Id, string Document, string Title, string Heading, int Line, int Start, string Text)
{
    /// <summary>Passages as JSON has them.</summary>
    public static PassageView[] Of(IEnumerable<CitedPassage> passages) => [.. passages.Select(Of)];

    /// <summary>A passage as JSON has it.</summary>
    public static PassageView Of(CitedPassage cited)
    {
        Passage passage = cited.Passage;
        return new PassageView(cited.Number, passage.Id, passage.Document, passage.Title, passage.Heading, passage.Line, passage.Start, passage.Text);
    }
}

/// <summary>What an answer took; times in milliseconds.</summary>
internal sealed record UsageView(int PromptTokens, int ReusedTokens, int AnswerTokens, double RetrievalMs, double FirstTokenMs, double TotalMs)
{
    /// <summary>Usage as JSON has it.</summary>
    public static UsageView Of(AnswerUsage usage) => new(
        usage.PromptTokens, usage.ReusedTokens, usage.AnswerTokens, Milliseconds(usage.Retrieval), Milliseconds(usage.FirstToken), Milliseconds(usage.Total));

    private static double Milliseconds(TimeSpan time) => Math.Round(time.TotalMilliseconds, 2);
}

/// <summary>The documents in the index.</summary>
internal sealed record DocumentListReply(IReadOnlyList<DocumentView> Documents);

/// <summary>A document in the list.</summary>
internal sealed record DocumentView(string Path, string Title, int Chunks);

/// <summary>A document's text.</summary>
internal sealed record DocumentReply(string Path, string Title, string Text);

/// <summary>The event <c>passages</c>.</summary>
internal sealed record PassagesEvent(string Query, IReadOnlyList<PassageView> Passages);

/// <summary>The events <c>text</c> and <c>stopped</c>.</summary>
internal sealed record TextEvent(string Text);

/// <summary>The event <c>done</c>.</summary>
internal sealed record DoneEvent(string Text, bool Refusal, IReadOnlyList<int> Cited, UsageView Usage);

/// <summary>The event <c>error</c>.</summary>
internal sealed record ErrorEvent(string Title, string Detail);

/// <summary>What <c>--ask --json</c> prints.</summary>
internal sealed record AskResult(string Question, string Query, string Answer, bool Refusal, IReadOnlyList<PassageView> Citations, UsageView Usage);
