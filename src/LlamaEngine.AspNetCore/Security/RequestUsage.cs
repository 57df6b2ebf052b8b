using Microsoft.AspNetCore.Http;

namespace LlamaEngine.AspNetCore.Security;

/// <summary>Tokens that a request has taken, for the limits of its key. Thread-safe.</summary>
internal sealed class RequestUsage
{
    private int _tokens;

    /// <summary>Prompt and completion, of all that the request asked for.</summary>
    public int Tokens => Volatile.Read(ref _tokens);

    /// <summary>Notes what one completion or embedding took.</summary>
    public void Add(int tokens) => Interlocked.Add(ref _tokens, tokens);

    /// <summary>What the request of a context has taken; null where nobody counts.</summary>
    public static RequestUsage? Of(HttpContext context) => context.Features.Get<RequestUsage>();
}
