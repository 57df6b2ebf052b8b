using LlamaEngine;
using LlamaEngine.Rag;

namespace RagChatbot.CommandLine;

/// <summary>The command line itself is wrong: exit code 2.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>What a failed run says and returns; the codes are those of llama-engine.</summary>
internal static class Failures
{
    /// <summary>The work is done.</summary>
    public const int Success = 0;

    /// <summary>It could not be done; standard error says why.</summary>
    public const int Failure = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 2;

    private const int Cancelled = 130; // as shells report Ctrl+C

    /// <summary>The exit code for an exception.</summary>
    public static int ExitCodeOf(Exception exception) => exception switch
    {
        OperationCanceledException => Cancelled,
        UsageException => Usage,
        _ => Failure,
    };

    /// <summary>One or two lines for people, without a stack trace.</summary>
    public static string Describe(Exception exception) => exception switch
    {
        OperationCanceledException => "Cancelled.",
        LlamaEngineException or UsageException or ConversationLogException or DocumentFormatException or IndexFormatException or IOException
            or UnauthorizedAccessException or HttpRequestException or NotSupportedException => Shorten(exception.Message),
        ArgumentException argument => Shorten(WithoutParameter(argument.Message)),
        _ => $"Internal error, please report it: {exception.GetType().Name}: {Shorten(exception.Message)}",
    };

    // The name of a parameter means nothing on a command line.
    private static string WithoutParameter(string message)
    {
        int end = message.IndexOf(" (Parameter '", StringComparison.Ordinal);
        return end < 0 ? message : message[..end];
    }

    private static string Shorten(string message) =>
        string.Join('\n', message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Take(2));
}
