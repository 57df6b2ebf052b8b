using Microsoft.AspNetCore.Http;

namespace LlamaEngine.AspNetCore.Http;

/// <summary>What the gate keeps of a request while it is served. Thread-safe.</summary>
/// <param name="stop">Cancelled when the client has gone, or the server has to stop.</param>
internal sealed class RequestControl(CancellationToken stop)
{
    private int _tokens;

    /// <summary>Cancelled when the client has gone, or the server has to stop.</summary>
    public CancellationToken Stop => stop;

    /// <summary>Tokens that the request has taken: prompt and completion, as far as is known.</summary>
    public int Tokens => Volatile.Read(ref _tokens);

    /// <summary>Notes tokens.</summary>
    public void Add(int tokens) => Interlocked.Add(ref _tokens, tokens);

    /// <summary>That of a context; one of its own where no gate was passed.</summary>
    public static RequestControl Of(HttpContext context) => context.Features.Get<RequestControl>() ?? new RequestControl(context.RequestAborted);
}
