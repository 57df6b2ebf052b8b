using System.Net;

namespace RagChatbot.Web;

/// <summary>Refuses requests that other sites' pages make.</summary>
/// <param name="urls">Where the server listens.</param>
/// <remarks>
/// The server has no password: what protects it is that only this machine reaches it. A page of another site, open in a browser here, could reach it as well:
/// by sending requests across origins, or by having its own name resolve to this machine's address (DNS rebinding). The first is known by the Origin
/// header, the second by the Host header, which then has a name that nobody listens on. An address in numbers cannot be made to resolve to another.
/// </remarks>
internal sealed class RequestOrigin(IEnumerable<string> urls)
{
    private readonly HashSet<string> _names = NamesOf(urls);

    /// <summary>Passes a request on if it may be from our own page or from a program.</summary>
    public Task CheckAsync(HttpContext context, RequestDelegate next)
    {
        HttpRequest request = context.Request;
        if (!IsOurs(request.Host))
        {
            throw new ApiException(StatusCodes.Status421MisdirectedRequest, "The host is not served here.",
                $"'{request.Host}' is none of the names and addresses this server listens on; --urls says which.");
        }
        if (request.Headers.Origin is { Count: > 0 } origin && !IsSame(origin.ToString(), request))
            throw new ApiException(StatusCodes.Status403Forbidden, "The origin is not allowed.", "Only pages of this server may use it.");
        return next(context);
    }

    private static bool IsSame(string origin, HttpRequest request) =>
        string.Equals(origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase);

    private bool IsOurs(HostString host) => host.HasValue && (IPAddress.TryParse(host.Host, out _) || _names.Contains(host.Host));

    private static HashSet<string> NamesOf(IEnumerable<string> urls)
    {
        HashSet<string> names = new(StringComparer.OrdinalIgnoreCase) { "localhost" };
        foreach (BindingAddress address in urls.Select(BindingAddress.Parse))
        {
            names.Add(address.Host);
            // Listening on every address, the machine is reached by its own name.
            if (address.Host is "*" or "+" or "0.0.0.0" or "[::]")
                names.Add(Dns.GetHostName());
        }
        return names;
    }
}
