using System.Collections.Immutable;
using System.Text;

namespace LlamaEngine;

/// <summary>Makes whole completions from their updates.</summary>
internal static class CompletionBuilder
{
    /// <summary>Reads a stream of several choices to its end.</summary>
    public static async Task<IReadOnlyList<Completion>> CollectAllAsync(IAsyncEnumerable<CompletionUpdate> updates, int choices)
    {
        var collected = new List<CompletionUpdate>[choices];
        for (int i = 0; i < choices; i++)
            collected[i] = [];
        await foreach (CompletionUpdate update in updates.ConfigureAwait(false))
            collected[update.ChoiceIndex].Add(update);
        return Array.ConvertAll(collected, Combine);
    }

    /// <summary>Reads a stream to its end.</summary>
    public static async Task<Completion> CollectAsync(IAsyncEnumerable<CompletionUpdate> updates) =>
        (await CollectAllAsync(updates, 1).ConfigureAwait(false))[0];

    /// <summary>The completion whose updates these are; at least one, the last one last.</summary>
    public static Completion Combine(List<CompletionUpdate> updates)
    {
        var text = new StringBuilder();
        var tokens = ImmutableArray.CreateBuilder<int>();
        var logProbabilities = ImmutableArray.CreateBuilder<float>();
        var alternatives = ImmutableArray.CreateBuilder<ImmutableArray<TokenLogProbability>>();
        foreach (CompletionUpdate update in updates)
        {
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
            FinishReason = updates[^1].FinishReason,
            Usage = updates[^1].Usage!.Value,
            Timings = updates[^1].Timings!.Value,
            LogProbabilities = logProbabilities.DrainToImmutable(),
            TopLogProbabilities = alternatives.DrainToImmutable(),
        };
    }
}
