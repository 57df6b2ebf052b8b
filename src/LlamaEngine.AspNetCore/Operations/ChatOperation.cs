using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Errors;
using LlamaEngine.AspNetCore.Models;
using LlamaEngine.AspNetCore.Replies;
using LlamaEngine.AspNetCore.Requests;
using LlamaEngine.AspNetCore.Sessions;
using LlamaEngine.Scheduling;
using ConversationTurn = LlamaEngine.Clients.ConversationTurn;

namespace LlamaEngine.AspNetCore.Operations;

/// <summary>/v1/chat/completions: answers a chat.</summary>
internal sealed class ChatOperation(IModelCatalog catalog, SessionShelf sessions, ServerLimits limits, TimeProvider clock) : IStreamingOperation
{
    /// <inheritdoc/>
    public string Path => "/v1/chat/completions";

    /// <inheritdoc/>
    public string? PromptField => "messages";

    /// <inheritdoc/>
    public bool IsStreaming(JsonObject body) => StreamFields.AsksFor(body);

    /// <inheritdoc/>
    public async Task<JsonObject> RunAsync(JsonObject body, int priority, CancellationToken cancellation)
    {
        ChatRequest request = ChatRequest.Read(body, limits, priority);
        request.Stream.RefuseIfOn();
        await using ModelLease lease = await catalog.RentAsync(request.Common.Model, request.Common.KeepAlive, cancellation).ConfigureAwait(false);
        var reply = new ChatReply(Head("chat.completion", lease), request.Generation.Choices, LogOf(lease, request.Generation));
        try
        {
            await foreach (ChatUpdate update in GenerateAsync(lease, request, UpdatePace.AtTheEnd, cancellation).ConfigureAwait(false))
                reply.Add(update);
        }
        catch (UnsupportedSchemaException exception) when (!request.Tools.Tools.IsEmpty)
        {
            throw OfTools(exception);
        }
        return reply.ToJson();
    }

    /// <inheritdoc/>
    public async Task StreamAsync(JsonObject body, int priority, IEventWriter events, CancellationToken cancellation)
    {
        ChatRequest request = ChatRequest.Read(body, limits, priority);
        await using ModelLease lease = await catalog.RentAsync(request.Common.Model, request.Common.KeepAlive, cancellation).ConfigureAwait(false);
        bool usage = request.Stream.IncludesUsage;
        var chunks = new ChatChunks(Head("chat.completion.chunk", lease), request.Generation.Choices, usage, LogOf(lease, request.Generation));
        try
        {
            await new ChunkSender<ChatUpdate>(events, chunks, lease, usage)
                .SendAsync(token => GenerateAsync(lease, request, events.Pace, token), cancellation).ConfigureAwait(false);
        }
        catch (UnsupportedSchemaException exception) when (!request.Tools.Tools.IsEmpty)
        {
            throw OfTools(exception);
        }
    }

    /// <summary>The schema of a call that is demanded is made of the tools.</summary>
    private static ApiException OfTools(UnsupportedSchemaException exception) => ApiException.Invalid(exception.Message, "tools", "unsupported_schema");

    private async IAsyncEnumerable<ChatUpdate> GenerateAsync(
        ModelLease lease, ChatRequest request, UpdatePace pace, [EnumeratorCancellation] CancellationToken cancellation)
    {
        InferenceEngine engine = lease.Engine;
        ModelChecks.RequireTemplate(lease);
        ModelChecks.RequireTools(lease, request.Tools);
        using ConversationTurn? turn = request.SessionId is { } id ? sessions.BeginTurn(lease, id) : null;
        Prompt prompt = Prompt.FromMessages([.. turn?.Messages ?? [], .. request.Messages], request.Tools.Tools, request.Tools.Choice);
        ModelChecks.CheckLength(lease, prompt, limits, PromptField);
        ReplySplitter[] splitters = [.. Enumerable.Range(0, request.Generation.Choices).Select(_ => Splitter(engine, prompt, request.Tools))];
        GenerationOptions generation = request.Generation with { Pace = pace };
        await foreach (CompletionUpdate update in engine.GenerateAsync(prompt, generation, turn?.Retained, cancellation).ConfigureAwait(false))
        {
            ReplySplitter splitter = splitters[update.ChoiceIndex];
            ChatUpdate piece = splitter.Split(update);
            if (update.FinishReason != FinishReason.None)
                turn?.Complete([.. request.Messages, splitter.ToMessage()]);
            yield return piece;
        }
    }

    private static ReplySplitter Splitter(InferenceEngine engine, Prompt prompt, ToolFields tools) =>
        new(tools.Tools.IsEmpty ? null : engine.CreateToolCallParser(prompt), tools.SingleCall);

    private ReplyHead Head(string kind, ModelLease lease) => ReplyHead.Create("chatcmpl", kind, lease, clock);

    private static TokenLog? LogOf(ModelLease lease, GenerationOptions options)
    {
        if (options.TopLogProbabilities is null)
            return null;
        ModelChecks.RequireTokenizer(lease);
        return new TokenLog(lease.Engine.Tokenizer, ModelChecks.EndsOf(lease.Engine, options));
    }
}
