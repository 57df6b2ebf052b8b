using System.CommandLine;
using System.CommandLine.Invocation;
using Microsoft.AspNetCore.Connections;
using RagChatbot.Web;

namespace RagChatbot.CommandLine;

/// <summary>Parses a command line, serves the page or answers a question, and turns what can go wrong into an exit code and a line for people.</summary>
internal sealed class ChatbotCommand(Terminal terminal)
{
    // A question may start with '@': nothing is a response file.
    private static readonly ParserConfiguration s_parser = new() { ResponseFileTokenReplacer = null };

    private readonly ChatbotOptions _options = new();

    /// <summary>Runs one command line and returns its exit code.</summary>
    public static Task<int> RunAsync(string[] arguments, Terminal terminal, CancellationToken cancellationToken = default) =>
        new ChatbotCommand(terminal).RunAsync(arguments, cancellationToken);

    private async Task<int> RunAsync(string[] arguments, CancellationToken cancellationToken)
    {
        RootCommand root = new("Chat with a folder of documents, in a browser and offline. Answers say what they rest on.");
        _options.AddTo(root);
        root.Directives.Clear();
        root.SetAction(RunAsync);
        ParseResult parsed = root.Parse(arguments, s_parser);
        if (parsed.Action is ParseErrorAction)
        {
            terminal.Error.WriteLine(string.Join(' ', parsed.Errors.Select(error => error.Message).Distinct()));
            terminal.Error.WriteLine("For what there is: RagChatbot --help");
            return Failures.Usage;
        }
        InvocationConfiguration invocation = new() { Output = terminal.Output, Error = terminal.Error, EnableDefaultExceptionHandler = false };
        if (!_options.IsQuestion(parsed))
            invocation.ProcessTerminationTimeout = null; // the host of the page hears the signals, and keeps what was answered
        try
        {
            return await parsed.InvokeAsync(invocation, cancellationToken);
        }
        catch (Exception exception)
        {
            terminal.Error.WriteLine(Failures.Describe(exception));
            return Failures.ExitCodeOf(exception);
        }
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        ChatbotSettings settings = _options.Read(parsed);
        await using ChatbotParts parts = await ChatbotParts.CreateAsync(settings, terminal, cancellationToken);
        return settings.Question is { } question
            ? await new ConsoleAnswer(parts.Chatbot, terminal).AskAsync(question, settings.Json, cancellationToken)
            : await ServeAsync(parts.Chatbot, settings, cancellationToken);
    }

    private async Task<int> ServeAsync(Chatbot chatbot, ChatbotSettings settings, CancellationToken cancellationToken)
    {
        await using WebApplication app = ChatbotApp.Build(chatbot, settings.Urls);
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (IOException exception) when (exception.InnerException is AddressInUseException)
        {
            throw new IOException($"{exception.Message} Another program listens there; --urls takes another address, or port 0 for one that is free.", exception);
        }
        _ = chatbot.Folder.RefreshAsync(); // the page shows how it goes
        terminal.Output.WriteLine($"Chatting with {settings.Documents}: open {string.Join(" or ", app.Urls)} (Ctrl+C ends it)");
        await using (cancellationToken.UnsafeRegister(static host => ((IHostApplicationLifetime)host!).StopApplication(), app.Lifetime))
            await app.WaitForShutdownAsync(CancellationToken.None);
        return Failures.Success;
    }
}
