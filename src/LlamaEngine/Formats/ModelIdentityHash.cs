using System.Collections.Immutable;
using System.Security.Cryptography;
using LlamaEngine.Devices;

namespace LlamaEngine.Formats;

/// <summary>Computes a <see cref="ModelIdentity"/> as a tree hash with SHA-256, on all processors this process may use.</summary>
/// <remarks>
/// <para>
/// Hashed are the configuration and the tensors, not the file: two files that would compute different logits differ in one of
/// them, while what changes no logit (a chat template, the padding between tensors, the cut of a file into parts) makes no other
/// model of it. So a split file and the same file in one piece are the same model. A GGUF file and the Hugging Face folder
/// it was made from are not: their rows stand in another order.
/// </para>
/// <para>
/// The identity is the digest of the text <c>LlamaEngine model 1</c>, the configuration (<see cref="ModelIdentityWriter"/>), the
/// number of tensors, and for each of them, by name in ordinal order: name, type (GGUF's number), number of dimensions, dimensions
/// (outermost first), and the digests of its data in pieces of 4 MiB, the last one shorter.
/// </para>
/// </remarks>
internal static unsafe class ModelIdentityHash
{
    /// <summary>Bytes that are hashed at a stretch: enough to be worth a task, little enough to be cancelled soon.</summary>
    public const int PieceBytes = 4 << 20;

    private const string Header = "LlamaEngine model 1";

    /// <summary>Reads the whole model.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; noticed within one piece.</exception>
    public static ModelIdentity Compute(ModelFile file, CancellationToken cancellation)
    {
        ImmutableArray<TensorInfo> tensors = file.Tensors.Sort((left, right) => string.CompareOrdinal(left.Name, right.Name));
        Piece[] pieces = [.. tensors.SelectMany((tensor, index) => Cut(tensor, index))];
        byte[] digests = HashPieces(file, tensors, pieces, cancellation);
        var writer = new ModelIdentityWriter();
        writer.Write(Header);
        writer.Write(file.Configuration);
        writer.Write(tensors.Length);
        int next = 0;
        for (int i = 0; i < tensors.Length; i++)
        {
            writer.Write(tensors[i]);
            for (; next < pieces.Length && pieces[next].Tensor == i; next++)
                writer.Write(digests.AsSpan(next * SHA256.HashSizeInBytes, SHA256.HashSizeInBytes));
        }
        return writer.ToIdentity();
    }

    private static IEnumerable<Piece> Cut(TensorInfo tensor, int index)
    {
        for (long offset = 0; offset < tensor.ByteLength; offset += PieceBytes)
            yield return new Piece(index, offset, (int)Math.Min(PieceBytes, tensor.ByteLength - offset));
    }

    private static byte[] HashPieces(ModelFile file, ImmutableArray<TensorInfo> tensors, Piece[] pieces, CancellationToken cancellation)
    {
        byte[] digests = new byte[pieces.Length * SHA256.HashSizeInBytes];
        var options = new ParallelOptions { MaxDegreeOfParallelism = ProcessorBudget.AvailableProcessors(), CancellationToken = cancellation };
        Parallel.For(0, pieces.Length, options, i =>
        {
            Piece piece = pieces[i];
            if (!file.TryGetTensor(tensors[piece.Tensor].Name, out TensorData tensor))
                throw new InvalidOperationException($"The model lists tensor '{tensors[piece.Tensor].Name}', but does not have it.");
            SHA256.HashData(new ReadOnlySpan<byte>(tensor.Data + piece.Offset, piece.Length), digests.AsSpan(i * SHA256.HashSizeInBytes));
        });
        return digests;
    }

    private readonly record struct Piece(int Tensor, long Offset, int Length);
}
