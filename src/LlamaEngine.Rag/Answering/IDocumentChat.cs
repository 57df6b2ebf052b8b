namespace LlamaEngine.Rag;

/// <summary>Answers questions from documents. Implementations are thread-safe: any number of conversations may ask at once.</summary>
public interface IDocumentChat
{
    /// <summary>Answers a question: <see cref="PassagesFound"/>, then <see cref="AnswerText"/> any number of times, then <see cref="AnswerCompleted"/>.</summary>
    /// <param name="question">What is asked; not empty.</param>
    /// <param name="history">What was asked and answered before in this conversation, oldest first.</param>
    /// <param name="cancellationToken">Stops the answer; what is asked for next throws <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="ArgumentException">The question is empty.</exception>
    IAsyncEnumerable<AnswerUpdate> AskAsync(string question, IReadOnlyList<Exchange> history, CancellationToken cancellationToken = default);
}
