using System.Collections.Immutable;
using System.Text;
using LlamaEngine.Scheduling;

namespace LlamaEngine;

/// <summary>Makes a caller's updates from the loop's events, and a whole completion from updates.</summary>
internal static class CompletionBuilder
{
    /// <summary>One event as the caller sees it.</summary>
    /// <param name="step">The event.</param>
    /// <param name="text">Decodes the tokens; null where there is no tokenizer.</param>
    /// <param name="request">The request; its usage and timings are read with the last event.</param>
    public static CompletionUpdate ToUpdate(TokenEvent step, CompletionText? text, GenerationRequest request)
    {
        bool last = step.Finish != FinishReason.None;
        string piece = "";
        if (text is not null)
        {
            if (step.Sampled is { } token)
                piece = text.Append(token.TokenId);
            if (last)
                piece += text.Flush();
        }
        return new CompletionUpdate
        {
            Text = piece,
            TokenId = step.Sampled?.TokenId,
            LogProbability = step.Sampled?.LogProbability,
            TopLogProbabilities = step.TopLogProbabilities.IsDefault ? [] : step.TopLogProbabilities,
            FinishReason = step.Finish,
            Usage = last ? request.Usage : null,
            Timings = last ? request.Timings : null,
        };
    }

    /// <summary>Reads a stream to its end.</summary>
    public static async Task<Completion> CollectAsync(IAsyncEnumerable<CompletionUpdate> updates)
    {
        var text = new StringBuilder();
        var tokens = ImmutableArray.CreateBuilder<int>();
        var logProbabilities = ImmutableArray.CreateBuilder<float>();
        var alternatives = ImmutableArray.CreateBuilder<ImmutableArray<TokenLogProbability>>();
        CompletionUpdate? last = null;
        await foreach (CompletionUpdate update in updates.ConfigureAwait(false))
        {
            last = update;
            text.Append(update.Text);
            if (update.TokenId is not { } token)
                continue;
            tokens.Add(token);
            if (update.LogProbability is { } logProbability)
            {
                logProbabilities.Add(logProbability);
                alternatives.Add(update.TopLogProbabilities);
            }
        }
        return new Completion
        {
            Text = text.ToString(),
            Tokens = tokens.DrainToImmutable(),
            FinishReason = last!.FinishReason,
            Usage = last.Usage!.Value,
            Timings = last.Timings!.Value,
            LogProbabilities = logProbabilities.DrainToImmutable(),
            TopLogProbabilities = alternatives.DrainToImmutable(),
        };
    }
}
