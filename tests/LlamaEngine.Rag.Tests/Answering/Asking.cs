namespace LlamaEngine.Rag.Tests.Answering;

/// <summary>Asks, and waits for the end.</summary>
internal static class Asking
{
    public static async Task<Answer> AnswerAsync(this IDocumentChat chat, string question, params IReadOnlyList<Exchange> history)
    {
        Answer? answer = null;
        string said = "";
        await foreach (AnswerUpdate update in chat.AskAsync(question, history, TestContext.Current.CancellationToken))
        {
            Assert.Null(answer);
            said += (update as AnswerText)?.Text;
            answer = (update as AnswerCompleted)?.Answer;
        }
        Assert.NotNull(answer);
        Assert.Equal(answer.Text, said.TrimEnd());
        return answer;
    }

    /// <summary>An answer as the next question's history has it.</summary>
    public static Exchange ToExchange(this Answer answer) =>
        new(answer.Question, answer.Text) { Passages = [.. answer.Passages.Select(cited => cited.Passage)] };
}
