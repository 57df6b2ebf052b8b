using System.Globalization;
using LlamaEngine.Cli.Json;

namespace LlamaEngine.Cli.Commands;

/// <summary>Reads messages line by line and answers them; lines that start with a slash are commands.</summary>
internal sealed class ChatLoop(CliConsole console, InferenceEngine engine, string? systemPrompt, GenerationOptions options) : IDisposable
{
    private readonly ChatSession _session = engine.StartChat(systemPrompt);

    /// <summary>Runs until /exit or the end of the input.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Say($"{engine.Model.Name} on {engine.Model.Device}. /reset forgets, /save [FILE] keeps the conversation, /exit leaves.");
        using StreamReader input = console.OpenInputText();
        while (await ReadLineAsync(input, cancellationToken) is { } line)
        {
            if (line.StartsWith('/'))
            {
                if (!await ObeyAsync(line, cancellationToken))
                    return;
            }
            else if (!string.IsNullOrWhiteSpace(line))
                await AnswerAsync(line, cancellationToken);
        }
    }

    // A terminal's read cannot be cancelled; waiting for it can.
    private async Task<string?> ReadLineAsync(StreamReader input, CancellationToken cancellationToken)
    {
        if (console.IsInteractive)
            await console.Error.WriteAsync("> ");
        return await Task.Run(input.ReadLine, cancellationToken).WaitAsync(cancellationToken);
    }

    private async Task AnswerAsync(string message, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (CompletionUpdate update in _session.SendAsync(message, options, cancellationToken))
            {
                await console.Output.WriteAsync(update.Text);
                await console.Output.FlushAsync(cancellationToken);
            }
            await console.Output.WriteLineAsync();
            await console.Output.FlushAsync(cancellationToken);
        }
        catch (ContextLengthExceededException exception)
        {
            Say($"{exception.Message} /reset starts anew.");
        }
    }

    // False: leave.
    private async Task<bool> ObeyAsync(string line, CancellationToken cancellationToken)
    {
        string[] words = line.Split(' ', 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        switch (words[0])
        {
            case "/exit":
                return false;
            case "/reset":
                _session.Reset();
                Say("Forgotten.");
                return true;
            case "/save":
                await SaveAsync(words.Length > 1 ? words[1] : NewFileName(), cancellationToken);
                return true;
            default:
                Say($"There is no {words[0]}. There are /reset, /save [FILE] and /exit.");
                return true;
        }
    }

    private async Task SaveAsync(string file, CancellationToken cancellationToken)
    {
        SavedChat chat = new(engine.Model.Name, [.. _session.Messages.Select(message => new SavedMessage(message.Role.Value, message.Text))]);
        try
        {
            await File.WriteAllTextAsync(file, CliJson.Write(chat, CliJson.Relaxed.SavedChat) + "\n", cancellationToken);
            Say($"Saved as {Path.GetFullPath(file)}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The conversation goes on: another name may do.
            Say(exception.Message);
        }
    }

    /// <summary>Ends the conversation.</summary>
    public void Dispose() => _session.Dispose();

    private static string NewFileName() => string.Create(CultureInfo.InvariantCulture, $"chat-{DateTime.Now:yyyyMMdd-HHmmss}.json");

    private void Say(string text) => console.Error.WriteLine(text);
}
