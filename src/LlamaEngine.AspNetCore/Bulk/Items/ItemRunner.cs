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
        for (TimeSpan delay = s_firstDelay; ; delay = Longer(delay))
        {
            cancellation.ThrowIfCancellationRequested();
            TimeSpan wait;
            try
            {
                return new ItemReply(StatusCodes.Status200OK, await operation.RunAsync(body, Priority + priority, cancellation));
            }
            catch (ApiException exception) when (IsForLater(exception))
            {
                wait = exception.RetryAfter is { } seconds ? TimeSpan.FromSeconds(seconds) : delay;
            }
            catch (QueueFullException)
            {
                wait = delay;
            }
            catch (ApiException exception)
            {
                return ItemReply.Of(exception);
            }
            catch (Exception exception) when (exception is not OperationCanceledException || !cancellation.IsCancellationRequested)
            {
                BulkLog.ItemFailed(logger, exception, url);
                return ItemReply.Of(new ApiException(
                    StatusCodes.Status500InternalServerError, "server_error", "The server failed to answer this request."));
            }
            await Task.Delay(wait < s_longestDelay ? wait : s_longestDelay, clock, cancellation);
        }
    }

    // Too many requests, or a model that is not there yet.
    private static bool IsForLater(ApiException exception) =>
        exception.Status is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable;

    private static TimeSpan Longer(TimeSpan delay) => delay * 2 < s_longestDelay ? delay * 2 : s_longestDelay;
}
