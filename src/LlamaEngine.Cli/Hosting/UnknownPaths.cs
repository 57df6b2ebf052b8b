using LlamaEngine.AspNetCore.Errors;
using LlamaEngine.Formats;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace LlamaEngine.Cli.Hosting;

/// <summary>Gives the answers 404 and 405 of the host, which have no body, that of other errors: clients show its message.</summary>
internal static class UnknownPaths
{
    /// <summary>Has the request answered; adds the error where no endpoint was found.</summary>
    public static async Task AnswerAsync(HttpContext context, RequestDelegate next)
    {
        await next(context);
        HttpResponse response = context.Response;
        if (response.HasStarted || response.StatusCode is not (StatusCodes.Status404NotFound or StatusCodes.Status405MethodNotAllowed))
            return;
        string request = $"{Untrusted.Show(context.Request.Method)} {Untrusted.Show(context.Request.Path)}";
        StringValues allowed = response.Headers.Allow;
        if (response.StatusCode == StatusCodes.Status404NotFound)
        {
            await ErrorEnvelope.RespondAsync(context, ApiException.NotFound($"There is no {request}.", code: "unknown_url"));
            return;
        }
        // What is answered begins anew, without the header.
        response.OnStarting(() =>
        {
            response.Headers.Allow = allowed;
            return Task.CompletedTask;
        });
        await ErrorEnvelope.RespondAsync(context, new ApiException(
            response.StatusCode, "invalid_request_error", $"{request} is not supported; this path takes {allowed}.", code: "method_not_allowed"));
    }
}
