using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace LlamaEngine.Cli.Json;

/// <summary>The protocol of the commands that work line by line: one JSON value a line in, one a line out.</summary>
internal static class JsonLines
{
    /// <summary>Handles each line of standard input; empty lines are passed over.</summary>
    /// <param name="handle">Takes a line and gives the line to print.</param>
    /// <exception cref="FailureException">A line is not what it should be; the message has its number.</exception>
    public static async Task RunAsync(CliConsole console, Func<string, string> handle, CancellationToken cancellationToken)
    {
        using StreamReader reader = console.OpenInputText();
        for (int number = 1; await reader.ReadLineAsync(cancellationToken) is { } line; number++)
        {
            if (string.IsNullOrWhiteSpace(line))
                continue;
            await console.Output.WriteLineAsync(Handle(line, number, handle));
            // Another program may be waiting for the answer before it sends the next line.
            await console.Output.FlushAsync(cancellationToken);
        }
    }

    /// <summary>Reads one JSON value; unpaired surrogates, which .NET refuses, become U+FFFD.</summary>
    public static T? Parse<T>(string json, JsonTypeInfo<T> type) => JsonSerializer.Deserialize(LoneSurrogates.Replace(json), type);

    private static string Handle(string line, int number, Func<string, string> handle)
    {
        try
        {
            return handle(line);
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException or FailureException)
        {
            string problem = exception is ArgumentException argument ? Failures.WithoutParameter(argument) : exception.Message;
            throw new FailureException($"Line {number}: {problem}");
        }
    }
}
