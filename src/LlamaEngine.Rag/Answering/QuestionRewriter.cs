using System.Text;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Rag;

/// <summary>Makes a question that refers to earlier ones stand alone, so that passages can be looked for.</summary>
internal static class QuestionRewriter
{
    private const int Tokens = 96, Turns = 3, LongestAnswer = 400;

    /// <summary>Asks the model; where what it says is no question about the same things, the question joined with those it refers to.</summary>
    public static async Task<string> AskAsync(AnswerModel model, string question, IReadOnlyList<Exchange> history, CancellationToken cancellation)
    {
        Exchange[] last = [.. history.TakeLast(Turns).Select(exchange => exchange with { Answer = Shorten(exchange.Answer) })];
        IReadOnlyList<ChatMessage> messages = PromptWriter.Rewriting(last, question);
        if (model.ContextLength is { } length && model.Count(messages) + Tokens > length)
            return Join(question, history);
        StringBuilder said = new();
        await foreach (ModelPiece piece in model.AnswerAsync(messages, null, Tokens, 0, cancellation).ConfigureAwait(false))
            said.Append(piece.Text);
        string rewritten = Reference.OneLine(said.ToString()).Trim('"', '“', '”', ' ');
        return IsSound(rewritten, question, last) ? rewritten : Join(question, history);
    }

    /// <summary>The question, behind those before it that it refers to.</summary>
    public static string Join(string question, IReadOnlyList<Exchange> history)
    {
        if (history.Count == 0 || !Reference.IsIn(question))
            return question;
        string joined = question;
        for (int i = history.Count - 1, left = Turns; i >= 0 && left > 0; i--, left--)
        {
            joined = $"{history[i].Question} {joined}";
            if (!Reference.IsIn(history[i].Question))
                break;
        }
        return joined;
    }

    // A model that answers, explains or wanders has not rewritten: a rewritten question has few words that nobody said.
    private static bool IsSound(string rewritten, string question, Exchange[] history)
    {
        if (rewritten.Length == 0 || rewritten.Length > question.Length + 200)
            return false;
        HashSet<string> said = Words(string.Join(' ', history.Select(exchange => $"{exchange.Question} {exchange.Answer}").Append(question)));
        HashSet<string> words = Words(rewritten);
        return words.Count > 0 && words.Count(said.Contains) * 3 >= words.Count * 2;
    }

    private static HashSet<string> Words(string text) =>
        [.. text.Split([' ', ',', '.', '?', '!', ';', ':', '"', '(', ')', '’', '\''], StringSplitOptions.RemoveEmptyEntries)
            .Where(word => !FunctionWords.Contains(word)).Select(word => word.ToUpperInvariant())];

    private static string Shorten(string answer) => answer.Length <= LongestAnswer ? answer : answer[..LongestAnswer];
}
