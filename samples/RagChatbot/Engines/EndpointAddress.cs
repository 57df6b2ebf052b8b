namespace RagChatbot.Engines;

/// <summary>Addresses of servers as people write them.</summary>
internal static class EndpointAddress
{
    /// <summary>The base of a server's API, ending with "/v1"; null: it is no such address.</summary>
    public static Uri? Parse(string? text) =>
        Uri.TryCreate(text?.Trim(), UriKind.Absolute, out Uri? address) ? Normalize(address) : null;

    /// <summary>The base of a server's API, ending with "/v1"; null: it is no such address.</summary>
    public static Uri? Normalize(Uri address)
    {
        if (!address.IsAbsoluteUri || address.Scheme is not ("http" or "https") || address.Host.Length == 0 || address.Query.Length > 0 || address.Fragment.Length > 0)
            return null;
        string path = address.AbsolutePath.TrimEnd('/');
        return new UriBuilder(address) { Path = path.EndsWith("/v1", StringComparison.Ordinal) ? path : path + "/v1" }.Uri;
    }
}
