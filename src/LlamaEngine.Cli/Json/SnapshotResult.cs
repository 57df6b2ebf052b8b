using LlamaEngine.Contexts;

namespace LlamaEngine.Cli.Json;

/// <summary>What <c>context show --json</c> prints.</summary>
/// <param name="Version">Version of the file format.</param>
/// <param name="Model">The model's name.</param>
/// <param name="ModelIdentity">sha256: and 64 hexadecimal digits.</param>
/// <param name="KvType">Number format of the keys and values.</param>
/// <param name="QuantizedActivations">Whether activations were rounded.</param>
/// <param name="Tokens">The tokens.</param>
/// <param name="Messages">The conversation; left out where there is none.</param>
/// <param name="Blocks">Blocks in the file.</param>
/// <param name="BlockSize">Tokens of a block.</param>
/// <param name="BlockBytes">Bytes of a block.</param>
/// <param name="Bytes">Bytes of the file.</param>
internal sealed record SnapshotResult(
    int Version, string Model, string ModelIdentity, string KvType, bool QuantizedActivations, int[] Tokens, SavedMessage[]? Messages,
    int Blocks, int BlockSize, long BlockBytes, long Bytes)
{
    /// <summary>The facts as JSON has them.</summary>
    public static SnapshotResult From(ContextSnapshot snapshot) => new(
        snapshot.Version,
        snapshot.ModelName,
        snapshot.ModelIdentity,
        snapshot.KvCacheType.ToString(),
        snapshot.QuantizedActivations,
        [.. snapshot.Tokens],
        snapshot.Messages.IsEmpty ? null : [.. snapshot.Messages.Select(message => new SavedMessage(message.Role.Value, message.Text))],
        snapshot.Blocks,
        snapshot.BlockSize,
        snapshot.BlockBytes,
        snapshot.Bytes);
}

/// <summary>What <c>context save --json</c> and <c>context restore --json</c> print.</summary>
/// <param name="Seconds">How long the snapshot took to write or read, without loading the model and computing the prefix.</param>
/// <param name="Tokens">Tokens of the context.</param>
/// <param name="HeldTokens">Tokens whose keys and values the file holds: whole blocks.</param>
/// <param name="Bytes">Bytes of the file.</param>
internal sealed record TransferResult(double Seconds, int Tokens, int HeldTokens, long Bytes);
