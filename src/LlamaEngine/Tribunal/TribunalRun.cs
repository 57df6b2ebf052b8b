using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using LlamaEngine.KvCache;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Tribunal;

/// <summary>Asks the engines of a tribunal, one stage behind the other.</summary>
/// <remarks>Immutable: each enumeration is a tribunal of its own.</remarks>
internal sealed class TribunalRun
{
    private readonly InferenceEngine _own;
    private readonly TribunalOptions _options;
    private readonly TribunalPrompts _prompts;
    private readonly ImmutableArray<ChatMessage> _messages;

    /// <summary>Checks everything that can be checked before something is computed.</summary>
    public TribunalRun(InferenceEngine own, IEnumerable<ChatMessage> messages, TribunalOptions options)
    {
        _own = own;
        _options = options;
        // Copies, so that nothing changes when the caller's do.
        _messages = [.. messages.Select(message => message.Clone())];
        TribunalChecks.Check(_messages);
        TribunalChecks.Check(options, own);
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
                last = Start(transcript);
                yield return last;
                last = last with { Messages = [] };
                List<CompletionUpdate> updates = [];
                await foreach (CompletionUpdate update in ReplyAsync(transcript, retained, cancellationToken).ConfigureAwait(false))
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

    private TribunalUpdate Start(TribunalTranscript transcript)
    {
        transcript.Begin();
        return new TribunalUpdate
        {
            Kind = TribunalUpdateKind.StageStarted,
            StageIndex = transcript.Stages.Length,
            Stage = transcript.Kind,
            Round = transcript.Round,
            Model = EngineOf(transcript.Kind).Model.Name,
            Messages = transcript.Chat,
        };
    }

    /// <summary>The reply of a stage. What ends it, apart from a cancellation, carries the stages that have ended, if there are any.</summary>
    private async IAsyncEnumerable<CompletionUpdate> ReplyAsync(
        TribunalTranscript transcript,
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
                    reply ??= Ask(transcript, retained, cancellationToken).GetAsyncEnumerator(cancellationToken);
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
        TribunalTranscript transcript, Dictionary<InferenceEngine, RetainedPrefix> retained, CancellationToken cancellationToken)
    {
        InferenceEngine engine = EngineOf(transcript.Kind);
        if (!retained.TryGetValue(engine, out RetainedPrefix? prefix))
            retained.Add(engine, prefix = new RetainedPrefix());
        GenerationOptions? generation = _options.Of(transcript.Kind).Generation ?? _options.Generation;
        return engine.GenerateAsync(Prompt.FromMessages(transcript.Chat), generation, prefix, cancellationToken);
    }

    private InferenceEngine EngineOf(TribunalStageKind kind) => _options.Of(kind).Engine ?? _own;

    private bool IsApproved(TribunalTranscript transcript) =>
        _options.ApprovalWord is { } word && transcript.Kind == TribunalStageKind.Critique && ApprovalWord.IsSaid(word, transcript.Stages[^1].Text);
}
