using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using LlamaEngine.KvCache;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Tribunal;

/// <summary>Gets the engine of a stage when it begins.</summary>
internal delegate Task<TribunalEngine> TribunalEngineSource(TribunalStageKind kind, CancellationToken cancellation);

/// <summary>An engine for one stage of a tribunal.</summary>
/// <param name="Engine">The engine.</param>
/// <param name="Model">What to call its model.</param>
/// <param name="Lease">What gives the engine back when the stage has ended, which then keeps nothing in it; null: it stays.</param>
internal readonly record struct TribunalEngine(InferenceEngine Engine, string Model, IAsyncDisposable? Lease = null);

/// <summary>Asks the engines of a tribunal, one stage behind the other.</summary>
/// <remarks>Immutable: each enumeration is a tribunal of its own.</remarks>
internal sealed class TribunalRun
{
    private readonly TribunalEngineSource _engines;
    private readonly TribunalOptions _options;
    private readonly TribunalPrompts _prompts;
    private readonly ImmutableArray<ChatMessage> _messages;

    /// <summary>A tribunal of engines that are there: everything that can be checked is, before something is computed.</summary>
    public TribunalRun(InferenceEngine own, IEnumerable<ChatMessage> messages, TribunalOptions options)
        : this((kind, _) => Task.FromResult(Own(options.Of(kind).Engine ?? own)), messages, options) =>
        TribunalChecks.Check(options, own);

    /// <summary>A tribunal of engines that come for a stage and go after it: options are checked as far as that needs no engine.</summary>
    public TribunalRun(TribunalEngineSource engines, IEnumerable<ChatMessage> messages, TribunalOptions options)
    {
        _engines = engines;
        _options = options;
        // Copies, so that nothing changes when the caller's do.
        _messages = [.. messages.Select(message => message.Clone())];
        TribunalChecks.Check(_messages);
        TribunalChecks.Check(options);
        _prompts = new TribunalPrompts(options);
    }

    /// <summary>Runs the stages.</summary>
    public async IAsyncEnumerable<TribunalUpdate> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var transcript = new TribunalTranscript(_messages, _prompts);
        // What keeps the chat's blocks between stages, in each engine.
        Dictionary<InferenceEngine, RetainedPrefix> retained = [];
        try
        {
            TribunalUpdate last;
            do
            {
                transcript.Begin();
                TribunalEngine asked = await RentAsync(transcript, cancellationToken).ConfigureAwait(false);
                await using IAsyncDisposable given = new Return(asked, retained);
                last = Start(transcript, asked.Model);
                yield return last;
                last = last with { Messages = [] };
                List<CompletionUpdate> updates = [];
                await foreach (CompletionUpdate update in ReplyAsync(transcript, asked.Engine, retained, cancellationToken).ConfigureAwait(false))
                {
                    updates.Add(update);
                    yield return last with { Kind = TribunalUpdateKind.Text, Text = update.Text, Completion = update };
                }
                TribunalStage stage = transcript.End(last.Model, CompletionBuilder.Combine(updates));
                yield return last with { Kind = TribunalUpdateKind.StageEnded, Ended = stage };
            }
            while (!IsApproved(transcript) && transcript.Stages.Length < 1 + 2 * _options.Rounds);
            var result = new TribunalResult { Stages = transcript.Stages, Output = transcript.Answer, IsApproved = IsApproved(transcript) };
            yield return last with { Kind = TribunalUpdateKind.Ended, Result = result };
        }
        finally
        {
            foreach ((InferenceEngine engine, RetainedPrefix prefix) in retained)
                engine.Release(prefix);
        }
    }

    private static TribunalEngine Own(InferenceEngine engine) => new(engine, engine.Model.Name);

    private async Task<TribunalEngine> RentAsync(TribunalTranscript transcript, CancellationToken cancellationToken)
    {
        try
        {
            return await _engines(transcript.Kind, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OperationCanceledException && !transcript.Stages.IsEmpty)
        {
            throw new TribunalException(transcript.Kind, transcript.Round, transcript.Stages, exception);
        }
    }

    private static TribunalUpdate Start(TribunalTranscript transcript, string model) => new()
    {
        Kind = TribunalUpdateKind.StageStarted,
        StageIndex = transcript.Stages.Length,
        Stage = transcript.Kind,
        Round = transcript.Round,
        Model = model,
        Messages = transcript.Chat,
    };

    /// <summary>The reply of a stage. What ends it, apart from a cancellation, carries the stages that have ended, if there are any.</summary>
    private async IAsyncEnumerable<CompletionUpdate> ReplyAsync(
        TribunalTranscript transcript,
        InferenceEngine engine,
        Dictionary<InferenceEngine, RetainedPrefix> retained,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        IAsyncEnumerator<CompletionUpdate>? reply = null;
        try
        {
            while (true)
            {
                try
                {
                    reply ??= Ask(transcript, engine, retained, cancellationToken).GetAsyncEnumerator(cancellationToken);
                    if (!await reply.MoveNextAsync().ConfigureAwait(false))
                        yield break;
                }
                catch (Exception exception) when (exception is not OperationCanceledException && !transcript.Stages.IsEmpty)
                {
                    throw new TribunalException(transcript.Kind, transcript.Round, transcript.Stages, exception);
                }
                yield return reply.Current;
            }
        }
        finally
        {
            if (reply is not null)
                await reply.DisposeAsync().ConfigureAwait(false);
        }
    }

    private IAsyncEnumerable<CompletionUpdate> Ask(
        TribunalTranscript transcript, InferenceEngine engine, Dictionary<InferenceEngine, RetainedPrefix> retained, CancellationToken cancellationToken)
    {
        if (!retained.TryGetValue(engine, out RetainedPrefix? prefix))
            retained.Add(engine, prefix = new RetainedPrefix());
        GenerationOptions? generation = _options.Of(transcript.Kind).Generation ?? _options.Generation;
        return engine.GenerateAsync(Prompt.FromMessages(transcript.Chat), generation, prefix, cancellationToken);
    }

    private bool IsApproved(TribunalTranscript transcript) =>
        _options.ApprovalWord is { } word && transcript.Kind == TribunalStageKind.Critique && ApprovalWord.IsSaid(word, transcript.Stages[^1].Text);

    /// <summary>Gives a stage's engine back, with nothing kept in it.</summary>
    private sealed class Return(TribunalEngine asked, Dictionary<InferenceEngine, RetainedPrefix> retained) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            if (asked.Lease is null)
                return ValueTask.CompletedTask;
            if (retained.Remove(asked.Engine, out RetainedPrefix? prefix))
                asked.Engine.Release(prefix);
            return asked.Lease.DisposeAsync();
        }
    }
}
