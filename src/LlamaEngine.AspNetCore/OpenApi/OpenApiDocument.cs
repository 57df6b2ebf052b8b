using System.Collections.Immutable;
using System.Reflection;
using System.Text.Json.Nodes;

namespace LlamaEngine.AspNetCore.OpenApi;

/// <summary>
/// The OpenAPI document of the whole API. It is written by hand, a file a topic (OpenApi/Document); each file is a part of the document, and
/// no two say the same.
/// </summary>
internal static class OpenApiDocument
{
    private static readonly ImmutableArray<string> s_parts =
    [
        "document", "chat", "completions", "embeddings", "tribunal", "generation", "messages", "models", "tokens", "bulk", "batches", "files",
        "operations", "errors",
    ];

    /// <summary>The document, with this library's version. The caller may change it.</summary>
    public static JsonObject Create()
    {
        var document = new JsonObject();
        foreach (string part in s_parts)
            Join(document, Read(part));
        document["info"]!["version"] = Version();
        return document;
    }

    private static JsonObject Read(string part)
    {
        using Stream resource = typeof(OpenApiDocument).Assembly.GetManifestResourceStream($"LlamaEngine.AspNetCore.OpenApi.{part}.json")
            ?? throw new InvalidOperationException($"The part '{part}' of the OpenAPI document is not in the assembly.");
        return JsonNode.Parse(resource)!.AsObject();
    }

    private static void Join(JsonObject document, JsonObject part)
    {
        foreach ((string name, JsonNode? value) in part)
        {
            if (document[name] is JsonObject there)
                Join(there, value!.AsObject());
            else
                document.Add(name, value?.DeepClone());
        }
    }

    /// <summary>What the package is called, without the commit it was built from.</summary>
    private static string Version()
    {
        Assembly assembly = typeof(OpenApiDocument).Assembly;
        string? version = assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
        return version?.Split('+')[0] ?? assembly.GetName().Version!.ToString(3);
    }
}
