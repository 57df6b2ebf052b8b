using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace LlamaEngine.AspNetCore.Operations;

/// <summary>Runs several prompts side by side and gives what they generate as one stream.</summary>
internal static class Merging
{
    /// <summary>
    /// The updates of all, each numbered prompt × choices + choice. When one fails, the others end too, and its exception is thrown.
    /// </summary>
    /// <param name="generate">Starts a prompt, given its number.</param>
    /// <param name="prompts">How many there are.</param>
    /// <param name="choices">Completions of each.</param>
    public static async IAsyncEnumerable<CompletionUpdate> MergeAsync(
        Func<int, CancellationToken, IAsyncEnumerable<CompletionUpdate>> generate,
        int prompts,
        int choices,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var all = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        // Bounded, so that a reader who does not read lets nothing pile up here; wide enough for what comes after a rest.
        const int UpdatesOfChoice = 64;
        var channel = Channel.CreateBounded<CompletionUpdate>(new BoundedChannelOptions(prompts * choices * UpdatesOfChoice) { SingleReader = true });
        Task[] readers = [.. Enumerable.Range(0, prompts).Select(ReadAsync)];
        Task closing = CloseAsync();
        try
        {
            await foreach (CompletionUpdate update in channel.Reader.ReadAllAsync(cancellation).ConfigureAwait(false))
                yield return update;
        }
        finally
        {
            await all.CancelAsync().ConfigureAwait(false);
            await closing.ConfigureAwait(false);
        }

        async Task ReadAsync(int prompt)
        {
            try
            {
                await foreach (CompletionUpdate update in generate(prompt, all.Token).ConfigureAwait(false))
                    await channel.Writer.WriteAsync(update with { ChoiceIndex = prompt * choices + update.ChoiceIndex }, all.Token).ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                channel.Writer.TryComplete(exception);
                await all.CancelAsync().ConfigureAwait(false);
                throw;
            }
        }

        async Task CloseAsync()
        {
            await Task.WhenAll(readers).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            channel.Writer.TryComplete();
        }
    }
}
