using System.Collections.Immutable;
using LlamaEngine.Contexts;
using LlamaEngine.KvCache;
using Microsoft.Extensions.AI;

namespace LlamaEngine;

// Snapshots: retained contexts that go to a file and come back, in this process or another.
public sealed partial class InferenceEngine
{
    /// <summary>How often the blocks of a snapshot are computed again before a save gives up.</summary>
    private const int MaxPrefills = 3;

    /// <summary>About how many bytes of a snapshot are copied between two steps.</summary>
    internal int SnapshotSliceBytes { get; set; } = SnapshotFormat.SliceBytes;

    /// <summary>
    /// Restores a context that was saved, as if it had been computed here: every prompt that begins with its tokens skips that
    /// part of its prefill.
    /// </summary>
    /// <remarks>
    /// Blocks that the cache holds already are not read. For the others, cached blocks that nobody uses are given up, those
    /// that others retain last; blocks of running requests are never taken. All or nothing: where they do not suffice, nothing
    /// is restored. Running requests go on meanwhile.
    /// </remarks>
    /// <param name="path">A file that <see cref="RetainedContext.SaveAsync"/> or <see cref="ChatSession.SaveAsync"/> wrote.</param>
    /// <param name="cancellationToken">Ends the restoration; nothing is retained then.</param>
    /// <returns>The context; dispose it to let it go.</returns>
    /// <exception cref="SnapshotFormatException">The file is damaged, or no snapshot.</exception>
    /// <exception cref="SnapshotMismatchException">It was made with another model, KV type or option; the message says which.</exception>
    /// <exception cref="ContextLengthExceededException">It has more tokens than a sequence may have here.</exception>
    /// <exception cref="InsufficientDeviceMemoryException">Running requests leave too few blocks.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file must not be read.</exception>
    /// <exception cref="ObjectDisposedException">The engine was disposed.</exception>
    public async Task<RetainedContext> RestoreAsync(string path, CancellationToken cancellationToken = default)
    {
        using SnapshotFileReader file = await OpenFittingAsync(path, cancellationToken).ConfigureAwait(false);
        RetainedPrefix retained = await RestoreBlocksAsync(file, cancellationToken).ConfigureAwait(false);
        return new RetainedContext(this, file.Header.Tokens, file.Header.Messages, retained);
    }

    /// <summary>Restores a conversation that was saved, to go on with it.</summary>
    /// <param name="path">A file that <see cref="ChatSession.SaveAsync"/> wrote, or <see cref="RetainedContext.SaveAsync"/> of messages.</param>
    /// <returns>The conversation; dispose it when it is over.</returns>
    /// <exception cref="InvalidOperationException">The model has no chat template.</exception>
    /// <exception cref="SnapshotMismatchException">It holds no conversation, or was made with another model, KV type or option.</exception>
    /// <inheritdoc cref="RestoreAsync(string, CancellationToken)"/>
    public async Task<ChatSession> RestoreChatAsync(string path, CancellationToken cancellationToken = default)
    {
        if (ChatTemplate is null)
            throw new InvalidOperationException("The model has no chat template.");
        using SnapshotFileReader file = await OpenFittingAsync(path, cancellationToken).ConfigureAwait(false);
        if (file.Header.Messages.IsEmpty)
            throw new SnapshotMismatchException(path, "content", "a text", "a conversation");
        RetainedPrefix retained = await RestoreBlocksAsync(file, cancellationToken).ConfigureAwait(false);
        return new ChatSession(this, file.Header.Messages, retained);
    }

    /// <summary>Saves a conversation: its messages, and the blocks of what the next turn's prompt begins with.</summary>
    internal Task SaveAsync(string path, ImmutableArray<ChatMessage> messages, RetainedPrefix retained, CancellationToken cancellation)
    {
        int[] tokens = EncodeToFit(Prompt.FromMessages(messages), 0, addGenerationPrompt: false);
        return SaveAsync(path, [.. tokens], messages, retained, cancellation);
    }

    /// <summary>Saves tokens, the messages they stand for, and their blocks.</summary>
    internal async Task SaveAsync(
        string path, ImmutableArray<int> tokens, ImmutableArray<ChatMessage> messages, RetainedPrefix retained, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        SnapshotHeader header = await DescribeAsync(tokens, messages, cancellation).ConfigureAwait(false);
        SnapshotBlocks blocks = await HoldAsync(tokens, retained, cancellation).ConfigureAwait(false);
        try
        {
            using SnapshotFileWriter file = await SnapshotFileWriter.CreateAsync(path, header, cancellation).ConfigureAwait(false);
            await new SnapshotTransfer(Loop, blocks, file.Slices).SaveAsync(file, cancellation).ConfigureAwait(false);
            await file.CompleteAsync().ConfigureAwait(false);
        }
        finally
        {
            await InvokeIfAliveAsync(blocks.Release).ConfigureAwait(false);
        }
    }

    /// <summary>Opens a snapshot and makes sure that its keys and values mean the same here.</summary>
    private async Task<SnapshotFileReader> OpenFittingAsync(string path, CancellationToken cancellation)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        SnapshotFileReader file = await SnapshotFileReader.OpenAsync(path, cancellation).ConfigureAwait(false);
        try
        {
            file.Header.ThrowUnlessFit(path, await DescribeAsync([], [], cancellation).ConfigureAwait(false));
            CheckTokens(file);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private void CheckTokens(SnapshotFileReader file)
    {
        ImmutableArray<int> tokens = file.Header.Tokens;
        if (tokens.Length > _model.Memory.SequenceLimit)
            throw new ContextLengthExceededException(tokens.Length, _model.Memory.SequenceLimit);
        int vocabulary = Model.Configuration.VocabularySize;
        if (tokens.FirstOrDefault(token => token >= vocabulary) is int token and > 0)
            throw new SnapshotFormatException(file.Path, null, $"token {token} is outside the model's vocabulary of {vocabulary} tokens.");
    }

    private async Task<RetainedPrefix> RestoreBlocksAsync(SnapshotFileReader file, CancellationToken cancellation)
    {
        ImmutableArray<int> tokens = file.Header.Tokens;
        SnapshotBlocks blocks = await Loop.InvokeAsync((pool, _) => Take(pool, tokens)).ConfigureAwait(false);
        try
        {
            await new SnapshotTransfer(Loop, blocks, file.Slices).RestoreAsync(file, cancellation).ConfigureAwait(false);
            var retained = new RetainedPrefix();
            await Loop.InvokeAsync((pool, _) =>
            {
                retained.Retain(pool, tokens.AsSpan());
                return true;
            }).ConfigureAwait(false);
            return retained;
        }
        finally
        {
            await InvokeIfAliveAsync(blocks.Release).ConfigureAwait(false);
        }
    }

    private SnapshotBlocks Take(BlockPool pool, ImmutableArray<int> tokens)
    {
        if (SnapshotBlocks.TryTake(pool, tokens, out (int Missing, int Available) blocks) is { } taken)
            return taken;
        throw TooFewBlocks(blocks.Missing, blocks.Available);
    }

    /// <summary>Holds the blocks of a context, computed again where they were given up.</summary>
    private async Task<SnapshotBlocks> HoldAsync(ImmutableArray<int> tokens, RetainedPrefix retained, CancellationToken cancellation)
    {
        for (int prefills = 0; ; prefills++)
        {
            (SnapshotBlocks? held, int available) = await Loop.InvokeAsync(
                (pool, _) => (SnapshotBlocks.TryHold(pool, tokens), pool.Available)).ConfigureAwait(false);
            if (held is not null)
                return held;
            if (prefills == MaxPrefills)
                throw TooFewBlocks(tokens.Length / _model.Memory.KvLayout.BlockSize, available);
            await PrefillAsync([.. tokens], retained, cancellation).ConfigureAwait(false);
        }
    }

    private InsufficientDeviceMemoryException TooFewBlocks(int needed, int available)
    {
        long blockBytes = _model.Memory.KvLayout.BlockBytes;
        return new InsufficientDeviceMemoryException(
            needed * blockBytes,
            available * blockBytes,
            "Running requests use the rest of the KV cache: try again when they have ended, or raise EngineOptions.KvCacheTokens.");
    }

    private async Task<SnapshotHeader> DescribeAsync(
        ImmutableArray<int> tokens, ImmutableArray<ChatMessage> messages, CancellationToken cancellation) => new()
    {
        Model = await _model.Identity.GetAsync(cancellation).ConfigureAwait(false),
        ModelName = Model.Name,
        Layout = _model.Memory.KvLayout,
        QuantizedActivations = _model.QuantizedActivations,
        Tokens = tokens,
        Messages = messages,
        BlocksPerSlice = (int)Math.Max(1, SnapshotSliceBytes / _model.Memory.KvLayout.BlockBytes),
    };

    /// <summary>Has something done on the loop thread; nothing if the engine is gone, and all blocks with it.</summary>
    private async Task InvokeIfAliveAsync(Action<BlockPool> action)
    {
        try
        {
            await Loop.InvokeAsync((pool, _) =>
            {
                action(pool);
                return true;
            }).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is ObjectDisposedException or EngineFaultedException)
        {
            // Its memory went with the engine.
        }
    }
}
