using System.Text.Json;
using Microsoft.Extensions.Options;

namespace LlamaEngine.Cli;

/// <summary>What a failed command says and returns.</summary>
internal static class Failures
{
    /// <summary>The exit code for an exception.</summary>
    public static int ExitCodeOf(Exception exception) => exception switch
    {
        OperationCanceledException => ExitCodes.Cancelled,
        UsageException => ExitCodes.Usage,
        _ => ExitCodes.Failure,
    };

    /// <summary>One or two lines for people, without a stack trace.</summary>
    public static string Describe(Exception exception) => exception switch
    {
        OperationCanceledException => "Cancelled.",
        LlamaEngineException or UsageException or FailureException or IOException or UnauthorizedAccessException
            or JsonException or OptionsValidationException => Shorten(exception.Message),
        ArgumentException argument => WithoutParameter(argument),
        OutOfMemoryException => "There is not enough memory. A smaller --context, or a model with fewer bits a weight, needs less.",
        _ => $"Internal error, please report it: {exception.GetType().Name}: {Shorten(exception.Message)}",
    };

    /// <summary>The message of an argument exception without the name of the parameter, which means nothing on a command line.</summary>
    public static string WithoutParameter(ArgumentException exception)
    {
        int end = exception.Message.IndexOf(" (Parameter '", StringComparison.Ordinal);
        return Shorten(end < 0 ? exception.Message : exception.Message[..end]);
    }

    private static string Shorten(string message)
    {
        string[] lines = message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return string.Join('\n', lines.Take(2));
    }
}
