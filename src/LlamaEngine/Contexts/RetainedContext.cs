using System.Collections.Immutable;
using LlamaEngine.KvCache;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Contexts;

/// <summary>
/// Tokens whose keys and values an engine keeps until this is disposed: a system prompt, few-shot examples, a document. Every prompt
/// that begins with them skips that part of its prefill.
/// </summary>
/// <remarks>
/// Kept are whole blocks (<see cref="EngineStatistics.KvBlockSize"/> tokens); the few tokens behind the last whole block are computed
/// again. What is kept outlives everything in the cache that nobody asked to keep, but gives way, least recently used first, where
/// a request could not run without its memory. Thread-safe.
/// </remarks>
public sealed class RetainedContext : IDisposable
{
    private readonly InferenceEngine _engine;
    private readonly RetainedPrefix _prefix;
    private int _disposed;

    internal RetainedContext(InferenceEngine engine, ImmutableArray<int> tokens, ImmutableArray<ChatMessage> messages, RetainedPrefix prefix)
    {
        _engine = engine;
        _prefix = prefix;
        Tokens = tokens;
        Messages = messages;
    }

    /// <summary>The tokens, from position 0.</summary>
    public ImmutableArray<int> Tokens { get; }

    /// <summary>The messages that the tokens stand for; empty where they are not a chat.</summary>
    public ImmutableArray<ChatMessage> Messages { get; }

    internal RetainedPrefix Prefix => _prefix;

    /// <summary>It belongs to a recipe, which keeps it for others too.</summary>
    internal bool IsShared { get; init; }

    /// <summary>How many tokens, from the first on, are in the cache now; fewer than at first where memory was needed.</summary>
    /// <exception cref="ObjectDisposedException">This, or the engine, was disposed.</exception>
    public Task<int> CountHeldTokensAsync()
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        return _engine.Loop.InvokeAsync((pool, _) => _prefix.Held(pool));
    }

    /// <summary>
    /// Saves the tokens with their keys and values as a snapshot, which <see cref="InferenceEngine.RestoreAsync"/> of another
    /// process restores. Running requests go on meanwhile; blocks that were given up are computed again first.
    /// </summary>
    /// <param name="path">The file. It appears when it is whole, in place of a file of that name.</param>
    /// <param name="cancellationToken">Ends the save; a file of that name stays as it was.</param>
    /// <exception cref="ObjectDisposedException">This, or the engine, was disposed.</exception>
    /// <exception cref="InsufficientDeviceMemoryException">Other requests took the cache's memory again and again.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file must not be written.</exception>
    public Task SaveAsync(string path, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        return _engine.SaveAsync(path, Tokens, Messages, _prefix, cancellationToken);
    }

    /// <summary>
    /// Keeps nothing any more; a recipe's prefix stays until the recipe's contexts are disposed. Requests that run with these
    /// tokens are not affected.
    /// </summary>
    public void Dispose()
    {
        if (!IsShared)
            Free();
    }

    /// <summary>The same for whoever owns a shared one.</summary>
    internal void Free()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
            _engine.Release(_prefix);
    }
}
