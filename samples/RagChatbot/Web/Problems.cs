using LlamaEngine.Rag;

namespace RagChatbot.Web;

/// <summary>What goes wrong in the API becomes a reply of the type application/problem+json.</summary>
internal static partial class Problems
{
    /// <summary>Answers in place of an endpoint that throws, or of none.</summary>
    public static async Task AnswerAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
            if (!context.Response.HasStarted && context.Response.StatusCode >= 400)
                await WriteAsync(context, Describe(context));
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // There is no one left to tell.
        }
        catch (Exception exception) when (!context.Response.HasStarted)
        {
            await WriteAsync(context, Describe(context, exception));
        }
    }

    private static Task WriteAsync(HttpContext context, Problem problem) =>
        JsonBody.WriteAsync(context, problem.Status, problem, ApiJson.Default.Problem, "application/problem+json");

    private static Problem Describe(HttpContext context) => context.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => new Problem("Not found.", $"There is nothing at {context.Request.Path}.", 404),
        StatusCodes.Status405MethodNotAllowed => new Problem("The method is not supported.", $"{context.Request.Path} does not take {context.Request.Method}.", 405),
        int status => new Problem("The request failed.", $"The status is {status}.", status),
    };

    private static Problem Describe(HttpContext context, Exception exception)
    {
        switch (exception)
        {
            case ApiException api:
                return new Problem(api.Title, api.Message, api.Status);
            case ConversationNotFoundException missing:
                return new Problem("Not found.", missing.Message, StatusCodes.Status404NotFound);
            case BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }:
                return new Problem("The body is too large.", $"A body may have {JsonBody.MostBytes:N0} bytes.", StatusCodes.Status413PayloadTooLarge);
            case BadHttpRequestException bad:
                return new Problem("The request is not valid.", bad.Message, bad.StatusCode);
            default:
                LogFailure(context.RequestServices.GetRequiredService<ILogger<Chatbot>>(), exception, context.Request.Path);
                string detail = exception is ConversationLogException ? exception.Message : "The server's log says more.";
                return new Problem("The server failed.", detail, StatusCodes.Status500InternalServerError);
        }
    }

    [LoggerMessage(LogLevel.Error, "A request of {Path} failed.")]
    private static partial void LogFailure(ILogger logger, Exception exception, string path);
}
