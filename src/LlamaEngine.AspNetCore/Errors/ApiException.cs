using Microsoft.AspNetCore.Http;

namespace LlamaEngine.AspNetCore.Errors;

/// <summary>A request that is answered with an error, in the envelope of OpenAI's API: message, type, param, code.</summary>
/// <remarks>The message is for whoever wrote the request: it says what was wrong and what is supported, and nothing about the server's inside.</remarks>
internal sealed class ApiException(int status, string type, string message, string? parameter = null, string? code = null) : Exception(message)
{
    /// <summary>HTTP status, 400 … 599.</summary>
    public int Status { get; } = status;

    /// <summary>Kind of error: <c>invalid_request_error</c>, <c>authentication_error</c>, <c>rate_limit_error</c>, <c>server_error</c>.</summary>
    public string Type { get; } = type;

    /// <summary>The field of the request that is to blame, as a path (<c>messages[2].content</c>); null: none.</summary>
    public string? Parameter { get; } = parameter;

    /// <summary>A word that programs can test for (<c>model_not_found</c>); null: none.</summary>
    public string? Code { get; } = code;

    /// <summary>Seconds after which the client may try again (Retry-After); null: not said.</summary>
    public int? RetryAfter { get; init; }

    /// <summary>What went wrong inside, for the log alone; null: nothing did.</summary>
    public Exception? Cause { get; init; }

    /// <summary>A field that is missing, wrong or not supported: 400.</summary>
    public static ApiException Invalid(string message, string? parameter = null, string? code = null) =>
        new(StatusCodes.Status400BadRequest, "invalid_request_error", message, parameter, code);

    /// <summary>Something that the request names is not there: 404.</summary>
    public static ApiException NotFound(string message, string? parameter = null, string? code = null) =>
        new(StatusCodes.Status404NotFound, "invalid_request_error", message, parameter, code);

    /// <summary>More than the server takes at the moment: 429, to be tried again after so many seconds.</summary>
    public static ApiException TooMany(string message, int retryAfter, string code) =>
        new(StatusCodes.Status429TooManyRequests, "rate_limit_error", message, code: code) { RetryAfter = retryAfter };
}
