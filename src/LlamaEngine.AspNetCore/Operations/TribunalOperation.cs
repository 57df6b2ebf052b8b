using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Errors;
using LlamaEngine.AspNetCore.Models;
using LlamaEngine.AspNetCore.Replies;
using LlamaEngine.AspNetCore.Requests;
using LlamaEngine.Scheduling;
using LlamaEngine.Tribunal;

namespace LlamaEngine.AspNetCore.Operations;

/// <summary>/v1/tribunal: generate, critique, revise.</summary>
/// <remarks>
/// One model is rented for the whole tribunal, so that each stage finds the chat so far in its cache. Several are rented stage by stage,
/// since they may have to share a memory that holds one of them.
/// </remarks>
internal sealed class TribunalOperation(IModelCatalog catalog, ServerLimits limits, TimeProvider clock) : IStreamingOperation
{
    /// <inheritdoc/>
    public string Path => "/v1/tribunal";

    /// <inheritdoc/>
    public string? PromptField => "messages";

    /// <inheritdoc/>
    public bool IsStreaming(JsonObject body) => StreamFields.AsksFor(body);

    /// <inheritdoc/>
    public async Task<JsonObject> RunAsync(JsonObject body, int priority, CancellationToken cancellation)
    {
        TribunalRequest request = TribunalRequest.Read(body, limits, priority);
        request.Stream.RefuseIfOn();
        TribunalResult? result = null;
        await RunAsync(request, UpdatePace.AtTheEnd, update =>
        {
            result = update.Result ?? result;
            return ValueTask.CompletedTask;
        }, cancellation).ConfigureAwait(false);
        return TribunalReply.ToJson(TribunalReply.NewId(), clock.GetUtcNow(), result!);
    }

    /// <inheritdoc/>
    public Task StreamAsync(JsonObject body, int priority, IEventWriter events, CancellationToken cancellation)
    {
        string id = TribunalReply.NewId();
        return RunAsync(TribunalRequest.Read(body, limits, priority), events.Pace, SendAsync, cancellation);

        async ValueTask SendAsync(TribunalUpdate update)
        {
            if (update.Completion is { TokenId: not null })
                events.Note(1);
            if (update.Ended is { } stage)
                events.Note(stage.Usage.PromptTokens);
            if (TribunalReply.EventOf(id, clock.GetUtcNow(), update) is not { } piece)
                return;
            piece.WriteTo(events.Begin());
            await events.SendAsync(cancellation).ConfigureAwait(false);
        }
    }

    private async Task RunAsync(TribunalRequest request, UpdatePace pace, Func<TribunalUpdate, ValueTask> take, CancellationToken cancellation)
    {
        await using ModelLease? only = request.Models.IsEmpty ? await RentAsync(null).ConfigureAwait(false) : null;
        TribunalRun run = Create(request, pace, async (kind, _) =>
        {
            if (only is not null)
                return new TribunalEngine(only.Engine, only.Name);
            ModelLease lease = await RentAsync(kind).ConfigureAwait(false);
            return new TribunalEngine(lease.Engine, lease.Name, lease);
        });
        await foreach (TribunalUpdate update in run.ReadAllAsync(cancellation).ConfigureAwait(false))
            await take(update).ConfigureAwait(false);

        async Task<ModelLease> RentAsync(TribunalStageKind? kind)
        {
            string? name = kind is { } stage && request.Models.TryGetValue(stage, out string? own) ? own : request.Common.Model;
            ModelLease lease = await catalog.RentAsync(name, request.Common.KeepAlive, cancellation).ConfigureAwait(false);
            if (lease.Engine.ChatTemplate is not null)
                return lease;
            await lease.DisposeAsync().ConfigureAwait(false);
            throw ApiException.Invalid($"The model '{lease.Name}' has no chat template, which a tribunal needs.", "model", "no_chat_template");
        }
    }

    /// <summary>Prompts and the approval word are checked by what takes them, which names its own members.</summary>
    private static TribunalRun Create(TribunalRequest request, UpdatePace pace, TribunalEngineSource engines)
    {
        try
        {
            return new TribunalRun(engines, request.Messages, request.Options with { Generation = request.Options.Generation! with { Pace = pace } });
        }
        catch (ArgumentException exception)
        {
            string field = exception.Message.Contains(nameof(TribunalOptions.ApprovalWord), StringComparison.Ordinal) ? "approval_word" : "prompts";
            throw ApiException.Invalid(TribunalReply.InFieldNames(EngineErrors.WithoutParameter(exception)), field, "invalid_value");
        }
    }
}
