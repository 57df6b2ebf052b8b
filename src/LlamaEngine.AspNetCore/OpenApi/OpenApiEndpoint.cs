using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace LlamaEngine.AspNetCore.OpenApi;

/// <summary>Marks the endpoints of the API, so that the document has those that the program has mapped, wherever that is.</summary>
internal sealed class OpenApiMarker
{
    /// <summary>The only one.</summary>
    public static OpenApiMarker Instance { get; } = new();
}

/// <summary>
/// GET /openapi.json: the document, with the paths that are mapped and where they are. It needs no key and passes no gate: it says nothing that
/// the documentation does not, and tools fetch it without one. What the program demands of the whole group, such as an authorization,
/// holds for it as well.
/// </summary>
/// <param name="needsKeys">Requests need an API key.</param>
internal sealed class OpenApiEndpoint(bool needsKeys)
{
    /// <summary>Where it is, within its group.</summary>
    public const string Path = "/openapi.json";

    private readonly Lazy<JsonObject> _document = new(OpenApiDocument.Create);

    /// <summary>Answers a request.</summary>
    public Task HandleAsync(HttpContext context)
    {
        JsonObject document = _document.Value.DeepClone().AsObject();
        if (!needsKeys)
            document["security"] = new JsonArray();
        string path = context.Request.Path;
        document["servers"] = Servers(context.Request.PathBase + path[..^Path.Length]);
        KeepMapped(document["paths"]!.AsObject(), context);
        return JsonStyle.RespondAsync(context, JsonStyle.Encode(document));
    }

    /// <summary>Takes out what is not mapped, and notes where a path is that is mapped elsewhere than this endpoint.</summary>
    private static void KeepMapped(JsonObject paths, HttpContext context)
    {
        string[] routes = [.. context.RequestServices.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.Metadata.GetMetadata<OpenApiMarker>() is not null).Select(RouteOf)];
        string own = context.GetEndpoint() is RouteEndpoint self ? RouteOf(self)[..^Path.Length] : "";
        foreach (string path in paths.Select(path => path.Key).ToArray())
        {
            if (routes.Contains(own + path))
                continue;
            if (routes.FirstOrDefault(route => route.EndsWith(path, StringComparison.Ordinal)) is { } elsewhere)
                paths[path]!["servers"] = Servers(context.Request.PathBase + elsewhere[..^path.Length]);
            else
                paths.Remove(path);
        }
    }

    /// <summary>The path of an endpoint as the document would write it, with the program's groups before it.</summary>
    private static string RouteOf(RouteEndpoint endpoint) => Rooted((endpoint.RoutePattern.RawText ?? "").Replace("{**", "{", StringComparison.Ordinal));

    private static JsonArray Servers(string prefix) => [new JsonObject { ["url"] = Rooted(prefix.TrimEnd('/')) }];

    private static string Rooted(string path) => path.StartsWith('/') ? path : $"/{path}";
}
