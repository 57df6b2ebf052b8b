using System.Text.Json;
using LlamaEngine.AspNetCore.Operations;

namespace LlamaEngine.AspNetCore.Replies;

/// <summary>Writes completions piece by piece.</summary>
internal interface IChunks
{
    /// <summary>What all took.</summary>
    Usage Usage { get; }

    /// <summary>Pieces that an update makes; 0: it has nothing to say.</summary>
    int CountFor(CompletionUpdate update);

    /// <summary>Writes the next piece of an update.</summary>
    /// <param name="remaining">Pieces of the update that are left, this one included.</param>
    void Write(Utf8JsonWriter json, CompletionUpdate update, int remaining);

    /// <summary>Writes the last piece, which says what all took.</summary>
    void WriteUsage(Utf8JsonWriter json);
}

/// <summary>Sends completions as events.</summary>
internal static class ChunkSender
{
    /// <summary>Sends each update as soon as it is there, each piece by itself.</summary>
    /// <param name="includesUsage">A last piece says what all took.</param>
    public static async Task SendAsync(
        this IEventWriter events, IAsyncEnumerable<CompletionUpdate> updates, IChunks chunks, bool includesUsage, CancellationToken cancellation)
    {
        await foreach (CompletionUpdate update in updates.ConfigureAwait(false))
        {
            for (int remaining = chunks.CountFor(update); remaining > 0; remaining--)
            {
                chunks.Write(events.Begin(), update, remaining);
                await events.SendAsync(cancellation).ConfigureAwait(false);
            }
            if (update.TokenId is not null)
                events.Note(1);
            if (update.Usage is { } usage && chunks.Usage.Add(update.ChoiceIndex, usage))
                events.Note(usage.PromptTokens);
        }
        if (!includesUsage)
            return;
        chunks.WriteUsage(events.Begin());
        await events.SendAsync(cancellation).ConfigureAwait(false);
    }
}
