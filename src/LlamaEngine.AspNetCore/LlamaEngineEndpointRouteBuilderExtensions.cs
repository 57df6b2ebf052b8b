using Microsoft.AspNetCore.Routing;

// Where the programs that call this look already.
namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps LlamaEngine's REST API.</summary>
public static class LlamaEngineEndpointRouteBuilderExtensions
{
    /// <summary>Maps the endpoints.</summary>
    /// <param name="endpoints">The app.</param>
    /// <returns>The endpoints, for conventions that all of them share.</returns>
    public static RouteGroupBuilder MapLlamaEngine(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        return endpoints.MapGroup("");
    }
}
