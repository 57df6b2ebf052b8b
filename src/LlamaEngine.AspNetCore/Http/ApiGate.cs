using LlamaEngine.AspNetCore.Errors;
using LlamaEngine.AspNetCore.Lifetime;
using LlamaEngine.AspNetCore.Security;
using Microsoft.AspNetCore.Http;

namespace LlamaEngine.AspNetCore.Http;

/// <summary>What every request of the API passes before it is read: the server takes requests, the key is known, its limits are not reached.</summary>
/// <param name="lifetime">Counts requests, and ends them when the server has to stop.</param>
/// <param name="keys">Who may ask; null: everybody.</param>
/// <param name="mostRequests">Requests that the server has at one time at most: each may hold a body.</param>
internal sealed class ApiGate(ServerLifetime lifetime, ApiKeyRing? keys, int mostRequests)
{
    /// <summary>Requests need an API key.</summary>
    public bool NeedsKeys => keys is not null;

    /// <summary>Runs an endpoint for a request that passes.</summary>
    /// <exception cref="ApiException">It does not: 401, 429 or 503.</exception>
    public async Task PassAsync(HttpContext context, RequestDelegate endpoint)
    {
        KeyLimits? limits = Authenticate(context);
        Begin();
        try
        {
            limits?.Begin();
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.Cut);
            var control = new RequestControl(stop.Token);
            context.Features.Set(control);
            try
            {
                await endpoint(context).ConfigureAwait(false);
            }
            finally
            {
                limits?.End(control.Tokens);
            }
        }
        finally
        {
            lifetime.End();
        }
    }

    /// <summary>The limits of the key that a request brings; null: none is needed.</summary>
    /// <exception cref="ApiException">It brings none, or nobody's (401).</exception>
    public KeyLimits? Authenticate(HttpContext context)
    {
        if (keys is null)
            return null;
        string? authorization = context.Request.Headers.Authorization;
        if (keys.Find(authorization) is { } limits)
            return limits;
        throw new ApiException(
            StatusCodes.Status401Unauthorized,
            "authentication_error",
            string.IsNullOrEmpty(authorization)
                ? "There is no API key; send it as the header 'Authorization: Bearer KEY'."
                : "The API key is not known.",
            code: "invalid_api_key");
    }

    private void Begin()
    {
        switch (lifetime.TryBegin(mostRequests))
        {
            case Admission.Draining:
                throw new ApiException(
                    StatusCodes.Status503ServiceUnavailable, "server_error", "The server is shutting down.", code: "shutting_down") { RetryAfter = 1 };
            case Admission.Full:
                throw ApiException.TooMany($"The server has {mostRequests} requests already; try again later.", 1, "too_many_requests");
        }
    }
}
