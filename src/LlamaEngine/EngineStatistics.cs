namespace LlamaEngine;

/// <summary>What an engine is doing and has done since it was created: numbers of one moment, between two steps.</summary>
public readonly record struct EngineStatistics
{
    /// <summary>Requests with blocks in the KV cache.</summary>
    public int RunningSequences { get; init; }

    /// <summary>Requests that wait for their turn, or for room.</summary>
    public int WaitingSequences { get; init; }

    /// <summary>Blocks of the KV cache.</summary>
    public int KvBlocks { get; init; }

    /// <summary>Blocks in use by running requests.</summary>
    public int KvBlocksInUse { get; init; }

    /// <summary>Blocks that no running request uses but whose content can still be found, retained ones included.</summary>
    public int KvBlocksCached { get; init; }

    /// <summary>Blocks that sessions, recipes or restored snapshots retain, in use or not.</summary>
    public int KvBlocksRetained { get; init; }

    /// <summary>Positions in one block.</summary>
    public int KvBlockSize { get; init; }

    /// <summary>Requests that ended, whatever the reason.</summary>
    public long EndedRequests { get; init; }

    /// <summary>Steps: forward passes.</summary>
    public long Steps { get; init; }

    /// <summary>Tokens computed in all steps together: prefill and decode.</summary>
    public long ComputedTokens { get; init; }

    /// <summary>Tokens generated.</summary>
    public long GeneratedTokens { get; init; }

    /// <summary>Tokens of prompts that were found in the cache.</summary>
    public long PrefixHitTokens { get; init; }

    /// <summary>Tokens of prompts that could have been found: all of the prompts that were admitted.</summary>
    public long PrefixQueryTokens { get; init; }

    /// <summary>How often a request lost its blocks to an earlier one, to be computed again.</summary>
    public long Preemptions { get; init; }

    /// <summary>Cached blocks given up because their memory was needed.</summary>
    public long Evictions { get; init; }
}
