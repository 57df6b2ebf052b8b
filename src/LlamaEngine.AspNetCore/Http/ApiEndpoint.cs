using LlamaEngine.AspNetCore.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace LlamaEngine.AspNetCore.Http;

/// <summary>Runs an endpoint and answers what it throws: with a status before the first byte, with nothing where the client has gone.</summary>
internal static partial class ApiEndpoint
{
    /// <summary>Runs an endpoint.</summary>
    /// <param name="prompt">The field that errors of the prompt blame; null: none.</param>
    public static async Task RunAsync(HttpContext context, Func<HttpContext, Task> endpoint, string? prompt, ILogger logger)
    {
        try
        {
            await endpoint(context).ConfigureAwait(false);
        }
        catch (Exception exception) when (context.RequestAborted.IsCancellationRequested || exception is OperationCanceledException && context.Response.HasStarted)
        {
            // Nobody is there to be told; the request has ended, and its memory is free a step later.
        }
#pragma warning disable CA1031 // Every exception has an answer.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            ApiException error = Translate(exception, prompt, context, logger);
            if (context.Response.HasStarted)
                context.Abort();
            else
                await ErrorEnvelope.RespondAsync(context, error).ConfigureAwait(false);
        }
    }

    /// <summary>The error for a client; what went wrong inside goes to the log.</summary>
    public static ApiException Translate(Exception exception, string? prompt, HttpContext context, ILogger logger)
    {
        ApiException error = EngineErrors.Translate(exception, prompt);
        if (error.Status >= StatusCodes.Status500InternalServerError)
            LogFailure(logger, error.Cause ?? exception, context.Request.Path, error.Status);
        return error;
    }

    [LoggerMessage(EventId = 100, Level = LogLevel.Error, Message = "{Path} failed with status {Status}.")]
    private static partial void LogFailure(ILogger logger, Exception exception, string path, int status);
}
