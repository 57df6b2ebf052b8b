using System.Collections.Immutable;
using LlamaEngine.Contexts;
using LlamaEngine.Diagnostics;
using LlamaEngine.KvCache;
using LlamaEngine.Scheduling;

namespace LlamaEngine;

// What an engine keeps between requests.
public sealed partial class InferenceEngine
{
    /// <summary>The loop that owns model and cache.</summary>
    internal EngineLoop Loop => _engine.Loop;

    /// <summary>Computes a prefix that many prompts will share, and keeps it in the cache.</summary>
    /// <param name="prefix">A text, token ids, or the first messages of a chat (without the header of the reply).</param>
    /// <param name="cancellationToken">Ends the computation; nothing is kept then.</param>
    /// <returns>The context; dispose it to let it go.</returns>
    /// <inheritdoc cref="GenerateAsync(Prompt, GenerationOptions?, CancellationToken)" path="/exception"/>
    public async Task<RetainedContext> RetainAsync(Prompt prefix, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        int[] tokens = EncodeToFit(prefix, 0, addGenerationPrompt: false);
        var retained = new RetainedPrefix();
        var request = new PrefillRequest(tokens, cancellationToken) { Gauge = _engine.Gauge, Retention = retained };
        await _engine.RunAsync(request, Telemetry.Retain).ConfigureAwait(false);
        return new RetainedContext(this, [.. tokens], prefix.Messages ?? [], retained);
    }

    /// <summary>Lets go what a prefix retains, soon; nothing if the engine is gone.</summary>
    internal void Release(RetainedPrefix prefix)
    {
        try
        {
            _ = Loop.InvokeAsync((pool, _) =>
            {
                prefix.Release(pool);
                return true;
            });
        }
        catch (Exception exception) when (exception is ObjectDisposedException or EngineFaultedException)
        {
            // Its memory went with the engine.
        }
    }
}
