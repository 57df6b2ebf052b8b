using LlamaEngine;
using LlamaEngine.Rag;

namespace RagChatbot.Web;

/// <summary>POST /api/conversations/{id}/questions: asks, streams the answer, and keeps it, however it ends.</summary>
internal sealed partial class QuestionEndpoint(Chatbot chatbot, RunningAnswers running, IHostApplicationLifetime lifetime, ILogger<Chatbot> logger)
{
    /// <summary>Most characters (UTF-16 code units) of a question.</summary>
    public const int MostCharacters = 4000;

    /// <summary>Answers one request.</summary>
    public async Task AskAsync(HttpContext context)
    {
        string id = ConversationEndpoints.IdOf(context);
        string question = Check(await JsonBody.ReadAsync(context, ApiJson.Default.QuestionRequest));
        _ = chatbot.Conversations.Find(id) ?? throw new ConversationNotFoundException(id);
        using RunningAnswer answer = running.TryBegin(id, context.RequestAborted, lifetime.ApplicationStopping)
            ?? throw new ApiException(StatusCodes.Status409Conflict, "The conversation is busy.", "Its last question is still being answered; stop that, or wait.");
        Exchange[] history = ReadHistory(id);
        EventWriter events = await EventWriter.StartAsync(context);
        AnswerDraft draft = new(question);
        Exception? failure = null;
        try
        {
            await StreamAsync(draft, history, events, answer.Token);
        }
        catch (Exception exception)
        {
            failure = exception;
            if (draft.Answer is null)
                draft.Status = answer.Token.IsCancellationRequested ? TurnStatus.Stopped : TurnStatus.Failed;
        }
        failure = Keep(id, draft) ?? failure;
        // First kept and let go, then told: whoever reads the last event finds the turn, and may ask again.
        answer.Dispose();
        await TellEndAsync(draft, failure, events);
    }

    private async Task StreamAsync(AnswerDraft draft, Exchange[] history, EventWriter events, CancellationToken stop)
    {
        await foreach (AnswerUpdate update in chatbot.Chat.AskAsync(draft.Question, history, stop))
        {
            draft.Add(update);
            if (update is PassagesFound found)
                await events.WriteAsync("passages", new PassagesEvent(found.Query, PassageView.Of(found.Passages)), ApiJson.Default.PassagesEvent);
            else if (update is AnswerText piece)
                await events.WriteAsync("text", new TextEvent(piece.Text), ApiJson.Default.TextEvent);
        }
        if (draft.Answer is null)
            throw new InvalidOperationException("The answer ended without its last step.");
    }

    private ConversationLogException? Keep(string id, AnswerDraft draft)
    {
        try
        {
            chatbot.Conversations.Append(id, draft.ToTurn());
            return null;
        }
        catch (ConversationLogException exception)
        {
            draft.Status = TurnStatus.Failed;
            return exception;
        }
    }

    private async Task TellEndAsync(AnswerDraft draft, Exception? failure, EventWriter events)
    {
        if (draft.Status == TurnStatus.Failed)
        {
            LogFailure(logger, failure!);
            await events.WriteAsync("error", new ErrorEvent("The answer could not be made.", Describe(failure!)), ApiJson.Default.ErrorEvent);
        }
        else if (draft.Answer is { } whole)
        {
            DoneEvent done = new(whole.Text, whole.IsRefusal, whole.Cited, UsageView.Of(whole.Usage));
            await events.WriteAsync("done", done, ApiJson.Default.DoneEvent);
        }
        else
        {
            await events.WriteAsync("stopped", new TextEvent(draft.ToTurn().Text), ApiJson.Default.TextEvent);
        }
    }

    // What was stopped or failed tells a model nothing about what was said.
    private Exchange[] ReadHistory(string id) =>
    [
        .. chatbot.Conversations.ReadTurns(id)
            .Where(turn => turn.Status is TurnStatus.Complete or TurnStatus.Refused)
            .Select(turn => new Exchange(turn.Question, turn.Text) { Passages = [.. turn.Passages.Select(cited => cited.Passage)] }),
    ];

    private static string Check(QuestionRequest request)
    {
        string question = request.Question?.Trim() ?? "";
        if (question.Length == 0)
            throw ApiException.Invalid("The field 'question' is missing or empty.");
        if (question.Length > MostCharacters)
            throw ApiException.Invalid($"The question has {question.Length:N0} characters; it may have {MostCharacters:N0}.");
        return question;
    }

    // Messages of these are written for people; others could say anything.
    private static string Describe(Exception exception) => exception switch
    {
        LlamaEngineException or ConversationLogException or HttpRequestException or IOException or TimeoutException => exception.Message,
        _ => "The server's log says more.",
    };

    [LoggerMessage(LogLevel.Error, "A question could not be answered.")]
    private static partial void LogFailure(ILogger logger, Exception exception);
}
