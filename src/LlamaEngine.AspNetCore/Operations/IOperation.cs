using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Errors;

namespace LlamaEngine.AspNetCore.Operations;

/// <summary>
/// What a request body asks for, apart from how it came: over HTTP, as a line of a batch, or in a bulk list. All give the same reply.
/// </summary>
internal interface IOperation
{
    /// <summary>Where it is served: <c>/v1/chat/completions</c>.</summary>
    string Path { get; }

    /// <summary>The field that the prompt stands in, for errors that blame it; null: there is none.</summary>
    string? PromptField { get; }

    /// <summary>Runs a request to its end and gives the whole reply.</summary>
    /// <param name="body">The request's JSON object; not changed. Fields that stream are refused here.</param>
    /// <param name="priority">Added to the request's own priority; bulk work runs below 0, so that it gives way to interactive work.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="ApiException">The request is wrong, or cannot be served now.</exception>
    Task<JsonObject> RunAsync(JsonObject body, int priority, CancellationToken cancellation);
}
