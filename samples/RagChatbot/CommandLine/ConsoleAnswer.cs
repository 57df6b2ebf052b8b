using System.Text.Encodings.Web;
using System.Text.Json;
using LlamaEngine.Rag;
using RagChatbot.Web;

namespace RagChatbot.CommandLine;

/// <summary><c>--ask</c>: brings the index up to date, answers one question, and says what the answer rests on.</summary>
internal sealed class ConsoleAnswer(Chatbot chatbot, Terminal terminal)
{
    // Text in other scripts stays readable.
    private static readonly ApiJson s_json = new(new JsonSerializerOptions(ApiJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>Prints the answer and gives the exit code.</summary>
    public async Task<int> AskAsync(string question, bool json, CancellationToken cancellationToken)
    {
        await ReadDocumentsAsync(cancellationToken);
        Answer? answer = null;
        await foreach (AnswerUpdate update in chatbot.Chat.AskAsync(question, [], cancellationToken))
        {
            if (update is AnswerText piece && !json)
                await terminal.Output.WriteAsync(Printable(piece.Text));
            else if (update is AnswerCompleted completed)
                answer = completed.Answer;
        }
        if (answer is null)
            throw new InvalidOperationException("The answer ended without its last step.");
        terminal.Output.WriteLine(json ? ToJson(answer) : Printable(SourcesOf(answer)));
        return Failures.Success;
    }

    private async Task ReadDocumentsAsync(CancellationToken cancellationToken)
    {
        using (ProgressLine progress = new(terminal))
            await chatbot.Folder.RefreshAsync(progress).WaitAsync(cancellationToken);
        foreach (var failed in chatbot.Folder.State.Failures)
            terminal.Error.WriteLine(failed.Path.Length > 0 ? $"{failed.Path} was not read: {failed.Message}" : failed.Message);
    }

    // A document must not move the cursor or colour the screen: control characters but line ends and tabs are shown as U+FFFD.
    private static string Printable(string text) =>
        string.Create(text.Length, text, static (span, text) =>
        {
            for (int i = 0; i < span.Length; i++)
                span[i] = char.IsControl(text[i]) && text[i] is not ('\n' or '\t') ? '\uFFFD' : text[i];
        });

    private static CitedPassage[] CitationsOf(Answer answer) => [.. answer.Passages.Where(passage => answer.Cited.Contains(passage.Number))];

    private static string SourcesOf(Answer answer)
    {
        IEnumerable<string> lines = CitationsOf(answer).Select(cited =>
            $"[{cited.Number}] {cited.Passage.Document}:{cited.Passage.Line}  {(cited.Passage.Heading.Length > 0 ? cited.Passage.Heading : cited.Passage.Title)}");
        string sources = string.Join('\n', lines);
        return sources.Length > 0 ? $"\n\nSources:\n{sources}" : "";
    }

    private static string ToJson(Answer answer)
    {
        AskResult result = new(answer.Question, answer.Query, answer.Text, answer.IsRefusal, PassageView.Of(CitationsOf(answer)), UsageView.Of(answer.Usage));
        return JsonSerializer.Serialize(result, s_json.AskResult);
    }
}
