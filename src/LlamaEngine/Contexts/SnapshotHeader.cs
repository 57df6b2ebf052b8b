using System.Collections.Immutable;
using System.Globalization;
using LlamaEngine.Backends;
using LlamaEngine.Formats;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Contexts;

/// <summary>What a snapshot says about its blocks: of which model, in which form, of which tokens.</summary>
internal sealed record SnapshotHeader
{
    /// <summary>The model that computed the blocks.</summary>
    public required ModelIdentity Model { get; init; }

    /// <summary>The model's name, for messages only.</summary>
    public required string ModelName { get; init; }

    /// <summary>Shape of the KV cache.</summary>
    public required KvLayout Layout { get; init; }

    /// <summary>Whether activations were rounded, see <see cref="EngineOptions.QuantizedActivations"/>.</summary>
    public required bool QuantizedActivations { get; init; }

    /// <summary>The tokens, from position 0.</summary>
    public required ImmutableArray<int> Tokens { get; init; }

    /// <summary>The messages they stand for; empty where they are not a chat.</summary>
    public required ImmutableArray<ChatMessage> Messages { get; init; }

    /// <summary>Blocks of a slice; the last slice may have fewer.</summary>
    public required int BlocksPerSlice { get; init; }

    /// <summary>Blocks in the file: those that the tokens fill.</summary>
    public int Blocks => Tokens.Length / Layout.BlockSize;

    /// <summary>Refuses a snapshot whose keys and values would mean something else in the engine that <paramref name="engine"/> describes.</summary>
    /// <param name="file">The snapshot, for the message.</param>
    /// <param name="engine">The model, layout and precision of the engine.</param>
    /// <exception cref="SnapshotMismatchException">They differ.</exception>
    public void ThrowUnlessFit(string file, SnapshotHeader engine)
    {
        if (Model != engine.Model)
            throw new SnapshotMismatchException(file, "model", DescribeModel(), engine.DescribeModel());
        Require("KV type", Layout.Type, engine.Layout.Type);
        Require("block size", Layout.BlockSize, engine.Layout.BlockSize);
        Require("KV layout", Describe(Layout), Describe(engine.Layout));
        Require("option QuantizedActivations", QuantizedActivations, engine.QuantizedActivations);

        void Require<T>(string what, T found, T expected)
        {
            if (!EqualityComparer<T>.Default.Equals(found, expected))
                throw new SnapshotMismatchException(file, what, $"{found}", $"{expected}");
        }
    }

    private string DescribeModel() => $"'{Untrusted.Show(ModelName)}' ({Model})";

    private static string Describe(KvLayout layout) => string.Create(
        CultureInfo.InvariantCulture, $"{layout.Layers} layers × {layout.KeyValueHeads} of {layout.Heads} heads × {layout.HeadSize} values");
}
