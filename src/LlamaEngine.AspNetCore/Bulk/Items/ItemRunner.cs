using System.Collections.Frozen;
using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Errors;
using LlamaEngine.AspNetCore.Operations;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace LlamaEngine.AspNetCore.Bulk.Items;

/// <summary>Runs requests of bulk work: below interactive ones, and again later where the engine is full.</summary>
/// <remarks>Thread-safe. What is wrong with one request is its reply; only cancellation ends as an exception.</remarks>
internal sealed class ItemRunner(IEnumerable<IOperation> operations, TimeProvider clock, ILogger logger)
{
    /// <summary>What is added to a request's priority.</summary>
    public const int Priority = -1000;

    // About five minutes.
    private const int MaxAttempts = 20;

    private static readonly TimeSpan s_firstDelay = TimeSpan.FromMilliseconds(50), s_longestDelay = TimeSpan.FromSeconds(30);

    private readonly FrozenDictionary<string, IOperation> _operations = operations.ToFrozenDictionary(operation => operation.Path);

    /// <summary>What requests can ask for.</summary>
    public IReadOnlyCollection<string> Urls => _operations.Keys;

    /// <summary>Runs a request until it is answered.</summary>
    /// <param name="url">One of <see cref="Urls"/>.</param>
    /// <param name="priority">Added to <see cref="Priority"/>.</param>
    public async Task<ItemReply> RunAsync(string url, JsonObject body, int priority, CancellationToken cancellation)
    {
        IOperation operation = _operations[url];
        TimeSpan delay = s_firstDelay;
        for (int attempt = 1; ; attempt++, delay = Longer(delay))
        {
            cancellation.ThrowIfCancellationRequested();
            TimeSpan wait;
            try
            {
                return new ItemReply(StatusCodes.Status200OK, await operation.RunAsync(body, Priority + priority, cancellation));
            }
            catch (Exception exception) when (exception is not OperationCanceledException || !cancellation.IsCancellationRequested)
            {
                ApiException error = EngineErrors.Translate(exception, operation.PromptField);
                if (!IsForLater(error, attempt))
                    return Failed(url, exception, error);
                wait = error.RetryAfter >= 1 && error.RetryAfter < delay.TotalSeconds ? TimeSpan.FromSeconds(error.RetryAfter.Value) : delay;
            }
            await Task.Delay(wait, clock, cancellation);
        }
    }

    // A full queue has room some day; a model that is not there may never come. A session is not freed by waiting.
    private static bool IsForLater(ApiException error, int attempt) => error.Status switch
    {
        StatusCodes.Status429TooManyRequests => error.Code != "session_limit",
        StatusCodes.Status503ServiceUnavailable => attempt < MaxAttempts,
        _ => false,
    };

    private ItemReply Failed(string url, Exception exception, ApiException error)
    {
        if (error.Status >= StatusCodes.Status500InternalServerError)
            BulkLog.ItemFailed(logger, error.Cause ?? exception, url);
        return ItemReply.Of(error);
    }

    private static TimeSpan Longer(TimeSpan delay) => delay * 2 < s_longestDelay ? delay * 2 : s_longestDelay;
}
