using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Models;
using LlamaEngine.AspNetCore.Replies;
using LlamaEngine.AspNetCore.Requests;
using LlamaEngine.Scheduling;

namespace LlamaEngine.AspNetCore.Operations;

/// <summary>/v1/completions: continues texts.</summary>
internal sealed class CompletionOperation(IModelCatalog catalog, ServerLimits limits, TimeProvider clock) : IStreamingOperation
{
    /// <inheritdoc/>
    public string Path => "/v1/completions";

    /// <inheritdoc/>
    public string? PromptField => "prompt";

    /// <inheritdoc/>
    public bool IsStreaming(JsonObject body) => StreamFields.AsksFor(body);

    /// <inheritdoc/>
    public async Task<JsonObject> RunAsync(JsonObject body, int priority, CancellationToken cancellation)
    {
        CompletionRequest request = CompletionRequest.Read(body, limits, priority);
        request.Stream.RefuseIfOn();
        await using ModelLease lease = await catalog.RentAsync(request.Common.Model, request.Common.KeepAlive, cancellation).ConfigureAwait(false);
        var reply = new TextReply(Head(lease), request.Choices, request.Generation.Choices, LogOf(lease, request));
        await foreach (CompletionUpdate update in Generate(lease, request, UpdatePace.AtTheEnd, cancellation).ConfigureAwait(false))
            reply.Add(update);
        return reply.ToJson();
    }

    /// <inheritdoc/>
    public async Task StreamAsync(JsonObject body, int priority, IEventWriter events, CancellationToken cancellation)
    {
        CompletionRequest request = CompletionRequest.Read(body, limits, priority);
        await using ModelLease lease = await catalog.RentAsync(request.Common.Model, request.Common.KeepAlive, cancellation).ConfigureAwait(false);
        bool usage = request.Stream.IncludesUsage;
        var chunks = new TextChunks(Head(lease), request.Choices, request.Generation.Choices, usage, LogOf(lease, request));
        await new ChunkSender<CompletionUpdate>(events, chunks, lease, usage)
            .SendAsync(token => Generate(lease, request, events.Pace, token), cancellation).ConfigureAwait(false);
    }

    private IAsyncEnumerable<CompletionUpdate> Generate(ModelLease lease, CompletionRequest request, UpdatePace pace, CancellationToken cancellation)
    {
        ModelChecks.RequireTokenizer(lease);
        foreach (Prompt prompt in request.Prompts)
            ModelChecks.CheckLength(lease, prompt, limits, PromptField);
        GenerationOptions generation = request.Generation with { Pace = pace };
        if (request.Prompts is [var only])
            return lease.Engine.GenerateAsync(only, generation, cancellation);
        return Merging.MergeAsync(
            (index, token) => lease.Engine.GenerateAsync(request.Prompts[index], generation, token),
            request.Prompts.Length, request.Generation.Choices, cancellation);
    }

    private ReplyHead Head(ModelLease lease) => ReplyHead.Create("cmpl", "text_completion", lease, clock);

    private static Func<TextLog>? LogOf(ModelLease lease, CompletionRequest request)
    {
        if (request.Generation.TopLogProbabilities is null)
            return null;
        ModelChecks.RequireTokenizer(lease);
        var ends = ModelChecks.EndsOf(lease.Engine, request.Generation);
        return () => new TextLog(lease.Engine.Tokenizer, ends);
    }
}
