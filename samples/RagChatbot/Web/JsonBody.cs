using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace RagChatbot.Web;

/// <summary>Bodies of requests and replies.</summary>
internal static class JsonBody
{
    /// <summary>Most bytes of a request's body: a question of the longest kind, every character escaped, has room.</summary>
    public const int MostBytes = 64 << 10;

    /// <summary>Reads a request's body.</summary>
    /// <exception cref="ApiException">It is not JSON, or has a field that is not known.</exception>
    public static async Task<T> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type) where T : class
    {
        RequireJson(context.Request);
        try
        {
            return await JsonSerializer.DeserializeAsync(context.Request.Body, type, context.RequestAborted)
                ?? throw ApiException.Invalid("The body is null; it has to be a JSON object.");
        }
        catch (JsonException exception)
        {
            throw ApiException.Invalid(Describe(exception));
        }
    }

    /// <summary>Writes a reply.</summary>
    public static async Task WriteAsync<T>(HttpContext context, int status, T value, JsonTypeInfo<T> type, string contentType = "application/json")
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        await JsonSerializer.SerializeAsync(context.Response.Body, value, type, context.RequestAborted);
    }

    // The serializer's own messages speak of types of .NET.
    private static string Describe(JsonException exception)
    {
        const string Unknown = "The JSON property '";
        if (exception.Message.StartsWith(Unknown, StringComparison.Ordinal) && exception.Message.IndexOf("' could not be", StringComparison.Ordinal) is var end and > 0)
            return $"The field '{exception.Message[Unknown.Length..end]}' is not supported here.";
        string place = exception.Path is { Length: > 1 } path ? $"at {path}" : $"in line {exception.LineNumber + 1 ?? 1}";
        return $"The body is not the JSON that is expected here; what is wrong stands {place}.";
    }

    // A page of another origin cannot send this type without being asked whether it may, and it may not.
    private static void RequireJson(HttpRequest request)
    {
        if (!request.HasJsonContentType())
        {
            throw new ApiException(StatusCodes.Status415UnsupportedMediaType, "The type of the body is not supported.",
                "The body has to be JSON, with the header Content-Type: application/json.");
        }
    }
}
