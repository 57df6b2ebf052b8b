using LlamaEngine.Backends;
using LlamaEngine.Contexts;
using LlamaEngine.Diagnostics;
using LlamaEngine.Formats;
using LlamaEngine.KvCache;
using LlamaEngine.Scheduling;

namespace LlamaEngine;

// What an engine keeps between requests.
public sealed partial class InferenceEngine
{
    /// <summary>The loop that owns model and cache.</summary>
    internal EngineLoop Loop => _engine.Loop;

    /// <summary>Bytes that weights, KV cache and workspace take by the plan.</summary>
    internal long PlannedBytes => _model.Memory.TotalBytes;

    /// <summary>It was neither disposed nor stopped by an internal error.</summary>
    internal bool IsUsable => _disposed == 0 && Fault is null;

    /// <summary>Computes a prefix that many prompts will share, and keeps it in the cache.</summary>
    /// <param name="prefix">A text, token ids, or the first messages of a chat (without the header of the reply).</param>
    /// <param name="cancellationToken">Ends the computation; nothing is kept then.</param>
    /// <returns>The context; dispose it to let it go.</returns>
    /// <inheritdoc cref="GenerateAsync(Prompt, GenerationOptions?, CancellationToken)" path="/exception"/>
    public Task<RetainedContext> RetainAsync(Prompt prefix, CancellationToken cancellationToken = default) =>
        RetainAsync(prefix, isShared: false, cancellationToken);

    /// <summary>
    /// Computes the prefixes of a recipe, unless they are there, and keeps them in the cache. However many callers ask for the same
    /// recipe at the same time, it is computed once.
    /// </summary>
    /// <param name="recipe">The recipe; its model must be this engine's.</param>
    /// <param name="cancellationToken">Ends the waiting, and the computation if nobody else waits for it.</param>
    /// <returns>The context; dispose it to let it go.</returns>
    /// <exception cref="RecipeMismatchException">The recipe asks for another model, weight type or KV type than this engine has.</exception>
    /// <inheritdoc cref="GenerateAsync(Prompt, GenerationOptions?, CancellationToken)" path="/exception"/>
    public async Task<MaterializedContext> MaterializeAsync(ContextRecipe recipe, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        RecipeIdentity wanted = await recipe.IdentifyAsync(cancellationToken).ConfigureAwait(false);
        ModelIdentity own = await _model.Identity.GetAsync(cancellationToken).ConfigureAwait(false);
        if (wanted.Model.Identity != own)
            throw new RecipeMismatchException("model", $"'{wanted.Model.Name}' ({wanted.Model.Identity})", $"'{Model.Name}' ({own})");
        KvType kvType = _model.Memory.KvLayout.Type;
        if (wanted.KvType != kvType)
            throw new RecipeMismatchException("a KV cache in", wanted.KvType.ToString(), kvType.ToString());
        return await _recipes.TakeAsync(wanted.Id, recipe, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The same for a prefix that a recipe shares.</summary>
    internal async Task<RetainedContext> RetainAsync(Prompt prefix, bool isShared, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        int[] tokens = EncodeToFit(prefix, 0, addGenerationPrompt: false);
        var retained = new RetainedPrefix();
        await PrefillAsync(tokens, retained, cancellationToken).ConfigureAwait(false);
        return new RetainedContext(this, [.. tokens], prefix.Messages ?? [], retained) { IsShared = isShared };
    }

    /// <summary>Computes again what a context lost to others; nothing if all of it is there.</summary>
    internal async Task RefreshAsync(RetainedContext context, CancellationToken cancellationToken)
    {
        int whole = context.Tokens.Length - context.Tokens.Length % _model.Cache.Layout.BlockSize;
        if (await context.CountHeldTokensAsync().ConfigureAwait(false) < whole)
            await PrefillAsync([.. context.Tokens], context.Prefix, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Computes what the cache does not hold of these tokens, and retains them.</summary>
    private Task PrefillAsync(int[] tokens, RetainedPrefix retained, CancellationToken cancellation)
    {
        var request = new PrefillRequest(tokens, cancellation) { Gauge = _engine.Gauge, Retention = retained };
        return _engine.RunAsync(request, Telemetry.Retain);
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
