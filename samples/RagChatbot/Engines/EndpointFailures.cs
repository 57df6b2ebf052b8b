using System.ClientModel;
using System.Net;
using System.Text.Json;

namespace RagChatbot.Engines;

/// <summary>What a failed request says of its server.</summary>
internal static class EndpointFailures
{
    private const int MaxLength = 300;

    /// <summary>The failure, for whoever decides whether to ask another server; null: it is none of the server's, so that it goes on as it is.</summary>
    public static EndpointException? Describe(Uri endpoint, Exception exception, CancellationToken cancellationToken) => exception switch
    {
        EndpointException known => known,
        _ when cancellationToken.IsCancellationRequested => null,
        ClientResultException { Status: > 0 } answer => Answered(endpoint, answer),
        OperationCanceledException => new EndpointException($"{endpoint} was silent for too long.", isTemporary: true, innerException: exception),
        ClientResultException or HttpRequestException or IOException => new EndpointException(
            $"{endpoint} cannot be reached, or broke off: {Shorten(exception.GetBaseException().Message)}", isTemporary: true, innerException: exception),
        // What OpenAI's client meets in texts that are no replies of such a server.
        JsonException or FormatException or InvalidOperationException or KeyNotFoundException or ArgumentException => new EndpointException(
            $"{endpoint} does not speak OpenAI's API: {Shorten(exception.Message)}", isTemporary: true, innerException: exception),
        _ => null,
    };

    private static EndpointException Answered(Uri endpoint, ClientResultException answer) => new(
        $"{endpoint} answered {answer.Status}: {Shorten(answer.Message)}", isTemporary: answer.Status is 429 or >= 500, (HttpStatusCode)answer.Status, answer);

    /// <summary>On one line, without what a terminal would obey.</summary>
    private static string Shorten(string message)
    {
        string[] lines = message.Split((char[])['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        string line = string.Concat(string.Join(' ', lines).Where(c => !char.IsControl(c)));
        return line.Length <= MaxLength ? line : line[..MaxLength] + "…";
    }
}
