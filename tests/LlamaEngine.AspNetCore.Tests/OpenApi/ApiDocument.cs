using System.Text.Json;
using System.Text.RegularExpressions;
using LlamaEngine.AspNetCore.OpenApi;

namespace LlamaEngine.AspNetCore.Tests.OpenApi;

/// <summary>An operation of the document.</summary>
/// <param name="Method">In lower case.</param>
/// <param name="Path">With parameters in braces.</param>
/// <param name="Json">What the document says about it.</param>
/// <param name="PathParameters">Parameters of all operations of the path.</param>
internal sealed record ApiOperation(string Method, string Path, JsonElement Json, JsonElement[] PathParameters)
{
    /// <summary>What it takes in its body as JSON; null: nothing.</summary>
    public JsonElement? JsonBody =>
        Json.TryGetProperty("requestBody", out JsonElement body) && body.GetProperty("content").TryGetProperty("application/json", out JsonElement json) ? json : null;

    /// <summary>All parameters.</summary>
    public IEnumerable<JsonElement> Parameters => [.. PathParameters, .. Json.TryGetProperty("parameters", out JsonElement own) ? own.EnumerateArray() : []];
}

/// <summary>The document of the API, as tests read it.</summary>
internal static class ApiDocument
{
    private static readonly string[] s_methods = ["get", "put", "post", "delete", "patch", "head", "options", "trace"];

    /// <summary>All of it.</summary>
    public static JsonElement Root { get; } = JsonSerializer.SerializeToElement(OpenApiDocument.Create());

    /// <summary>Its operations.</summary>
    public static IReadOnlyList<ApiOperation> Operations { get; } = [.. Root.GetProperty("paths").EnumerateObject().SelectMany(OperationsOf)];

    private static readonly (ApiOperation Operation, Regex Path)[] s_patterns = [.. Operations.Select(operation => (operation, PatternOf(operation.Path)))];

    /// <summary>The operation that a request meets; null: the document has none.</summary>
    public static ApiOperation? Find(string method, string path) =>
        s_patterns.FirstOrDefault(entry => entry.Operation.Method.Equals(method, StringComparison.OrdinalIgnoreCase) && entry.Path.IsMatch(path)).Operation;

    /// <summary>A schema of the components.</summary>
    public static JsonElement Schema(string name) => Root.GetProperty("components").GetProperty("schemas").GetProperty(name);

    private static IEnumerable<ApiOperation> OperationsOf(JsonProperty path)
    {
        JsonElement[] parameters = path.Value.TryGetProperty("parameters", out JsonElement shared) ? [.. shared.EnumerateArray()] : [];
        return path.Value.EnumerateObject().Where(part => s_methods.Contains(part.Name)).Select(part => new ApiOperation(part.Name, path.Name, part.Value, parameters));
    }

    // The name of a model may have slashes.
    private static Regex PatternOf(string path) =>
        new($"^{Regex.Replace(Regex.Escape(path), @"\\\{[a-z]+}", path == "/v1/models/{id}" ? ".+" : "[^/]+")}$", RegexOptions.CultureInvariant);
}
