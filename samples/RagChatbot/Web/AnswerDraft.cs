using System.Text;
using LlamaEngine.Rag;

namespace RagChatbot.Web;

/// <summary>As much of an answer as there is, to be kept however it ends.</summary>
internal sealed class AnswerDraft(string question)
{
    private readonly StringBuilder _text = new();
    private PassagesFound _found = new("", []);

    /// <summary>What was asked.</summary>
    public string Question => question;

    /// <summary>The whole answer; null: it is not there, or never will be.</summary>
    public Answer? Answer { get; private set; }

    /// <summary>How it ended.</summary>
    public TurnStatus Status { get; set; } = TurnStatus.Failed;

    /// <summary>Takes the next step.</summary>
    public void Add(AnswerUpdate update)
    {
        switch (update)
        {
            case PassagesFound found:
                _found = found;
                break;
            case AnswerText piece:
                _text.Append(piece.Text);
                break;
            case AnswerCompleted completed:
                Answer = completed.Answer;
                Status = Answer.IsRefusal ? TurnStatus.Refused : TurnStatus.Complete;
                break;
        }
    }

    /// <summary>What goes into the log.</summary>
    public ConversationTurn ToTurn() => new()
    {
        Question = question,
        Text = Answer?.Text ?? _text.ToString(),
        Status = Status,
        Query = Answer?.Query ?? _found.Query,
        Passages = Answer?.Passages ?? _found.Passages,
        Cited = Answer?.Cited ?? [],
        Usage = Answer?.Usage ?? new AnswerUsage(),
    };
}
