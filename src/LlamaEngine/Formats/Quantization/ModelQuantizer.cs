using System.Collections.Immutable;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using LlamaEngine.Formats.Gguf;

namespace LlamaEngine.Formats.Quantization;

/// <summary>Writes a model as a GGUF file with weights of another type, which llama.cpp can load as well.</summary>
internal static unsafe class ModelQuantizer
{
    /// <summary>Rows are encoded in batches of about this many bytes, then written.</summary>
    private const long BatchBytes = 8 << 20;

    /// <summary>The types a model can be written in.</summary>
    public static ImmutableArray<TensorType> Types { get; } =
    [
        TensorType.F32, TensorType.F16, TensorType.BF16, TensorType.Q8_0, TensorType.Q4_0, TensorType.Q4_1,
        TensorType.Q4_K, TensorType.Q6_K,
    ];

    /// <summary>Quantizes a model.</summary>
    /// <param name="model">A GGUF file, whose metadata is kept, or a Hugging Face folder, whose configuration and tokenizer are translated.</param>
    /// <param name="type">The type of most weights, one of <see cref="Types"/>; <see cref="TargetTypes"/> has the exceptions.</param>
    /// <param name="path">Where the file will stand. It appears only when it is whole.</param>
    /// <param name="threads">Threads that encode, at least 1.</param>
    /// <param name="progress">Told after each batch; may be null.</param>
    /// <exception cref="ArgumentException">The type is none of <see cref="Types"/>.</exception>
    /// <exception cref="ModelFormatException">A weight is not finite or too large for the type, or the tokenizer is damaged.</exception>
    /// <exception cref="UnsupportedModelException">GGUF has no words for something in the configuration or the tokenizer.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled; nothing is left behind.</exception>
    public static void Quantize(ModelFile model, TensorType type, string path, int threads,
        IProgress<QuantizationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        if (!Types.Contains(type))
            throw new ArgumentException($"Cannot quantize to {type}; can quantize to {string.Join(", ", Types)}.", nameof(type));
        Dictionary<string, object> metadata = ModelMetadata.Of(model);
        metadata[FileTypes.Key] = FileTypes.NumberOf(type);
        metadata["general.quantization_version"] = 2u;
        float[] divisors = NewDivisors(model);
        ImmutableArray<TensorInfo> targets = Plan(model, type, divisors.Length);
        using GgufWriter writer = GgufWriter.Create(path, metadata, targets);
        if (divisors.Length > 0)
            writer.Write(MemoryMarshal.AsBytes<float>(divisors));
        var options = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellationToken };
        EncodeAll(model, targets, writer, options, progress);
        cancellationToken.ThrowIfCancellationRequested();
        writer.Complete();
    }

    /// <summary>The divisors of the rotary frequencies, where the model has scaling but no tensor for it.</summary>
    private static float[] NewDivisors(ModelFile model) => model.TryGetTensor(GgufWriterMetadata.DivisorsName, out _)
        ? []
        : GgufWriterMetadata.FrequencyDivisors(model.Configuration.Rope);

    /// <summary>The tensors of the new file: those of the model, and the divisors of the rotary frequencies if they are new.</summary>
    private static ImmutableArray<TensorInfo> Plan(ModelFile model, TensorType type, int divisors)
    {
        bool tied = model.Configuration.TiedEmbeddings;
        IEnumerable<TensorInfo> targets = model.Tensors.Select(tensor => tensor with { Type = TargetTypes.Choose(tensor, type, tied) });
        return divisors == 0
            ? [.. targets]
            : [new TensorInfo(GgufWriterMetadata.DivisorsName, TensorType.F32, [divisors], model.Path, 0), .. targets];
    }

    private static void EncodeAll(ModelFile model, ImmutableArray<TensorInfo> targets, GgufWriter writer,
        ParallelOptions options, IProgress<QuantizationProgress>? progress)
    {
        long total = targets.Sum(target => target.ByteLength), done = 0;
        foreach (TensorInfo target in targets)
        {
            if (!model.TryGetTensor(target.Name, out TensorData source))
            {
                done += target.ByteLength; // The new divisors, already written.
                continue;
            }
            var encoder = new TensorEncoder(source, target.Type, RowOrder.Of(target.Name, model.Configuration));
            EncodeTensor(encoder, writer, options, written => progress?.Report(new QuantizationProgress(target.Name, done += written, total)));
        }
    }

    private static void EncodeTensor(TensorEncoder encoder, GgufWriter writer, ParallelOptions options, Action<long> written)
    {
        if (encoder.Rows == 0)
            return;
        int batchRows = (int)Math.Clamp(BatchBytes / encoder.RowBytes, 1, encoder.Rows);
        var batch = new byte[checked(batchRows * encoder.RowBytes)];
        for (int first = 0; first < encoder.Rows; first += batchRows)
        {
            int rows = Math.Min(batchRows, encoder.Rows - first);
            EncodeRows(encoder, first, rows, batch, options);
            writer.Write(batch.AsSpan(0, checked((int)(rows * encoder.RowBytes))));
            written(rows * encoder.RowBytes);
        }
    }

    private static void EncodeRows(TensorEncoder encoder, int first, int rows, byte[] batch, ParallelOptions options)
    {
        try
        {
            Parallel.For(0, rows, options, () => new float[encoder.ScratchLength], (row, _, scratch) =>
            {
                fixed (byte* destination = batch)
                fixed (float* values = scratch)
                    encoder.EncodeRow(first + row, values, destination + row * encoder.RowBytes);
                return scratch;
            }, _ => { });
        }
        catch (AggregateException error)
        {
            ExceptionDispatchInfo.Throw(error.InnerExceptions[0]);
        }
    }
}
