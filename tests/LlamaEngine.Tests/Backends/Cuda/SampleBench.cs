using LlamaEngine.Backends;
using LlamaEngine.Backends.Cuda.Kernels;
using LlamaEngine.Sampling;

namespace LlamaEngine.Tests.Backends.Cuda;

/// <summary>A row to sample.</summary>
/// <param name="Tokens">Prompt and output so far.</param>
/// <param name="Pending">Whether the device is to find the last token among those drawn before.</param>
/// <param name="Allowed">A mask of allowed tokens; null: none.</param>
internal sealed record SampleRow(
    SamplingParameters Parameters, float[] Logits, int[] Tokens, int PromptLength, bool Pending = false, bool[]? Allowed = null)
{
    /// <summary>What the host draws, or the device's number for why there is nothing to draw.</summary>
    public int DrawOnHost()
    {
        SamplingParameters parameters = Allowed is null ? Parameters : Parameters with
        {
            BannedTokens = [.. Parameters.BannedTokens, .. Enumerable.Range(0, Allowed.Length).Where(token => !Allowed[token])],
        };
        try
        {
            return new Sampler(parameters).Sample([.. Logits], Tokens, PromptLength).TokenId;
        }
        catch (NotFiniteNumberException)
        {
            return SampleArguments.NotFinite;
        }
        catch (InvalidOperationException)
        {
            return SampleArguments.NoneAllowed;
        }
    }
}

/// <summary>Samples rows on the device under test, as a backend does.</summary>
internal sealed unsafe class SampleBench : IDisposable
{
    /// <summary>What stands where nothing is drawn.</summary>
    public const int Untouched = 0x5A5A5A5A;

    private readonly KernelBench _bench = KernelBench.Open();

    public void Dispose() => _bench.Dispose();

    /// <summary>Draws for all rows in one launch; null: a row that is not sampled.</summary>
    public int[] Draw(params SampleRow?[] rows)
    {
        int vocabulary = rows.First(row => row is not null)!.Logits.Length, stride = (vocabulary + 3) / 4 * 4 + 8, words = (vocabulary + 31) / 32;
        var plan = new SamplingPlan(vocabulary, rows.Length, 1 << 16, 1 << 16);
        float[] logits = new float[rows.Length * stride];
        logits.AsSpan().Fill(float.NaN);
        int[] drawnBefore = new int[2 * rows.Length + 1];
        drawnBefore.AsSpan().Fill(-7);
        uint[] masks = new uint[rows.Length * words];
        for (int i = 0; i < rows.Length; i++)
            Write(rows[i], i);
        RowSampling[] sampling = plan.Rows.ToArray();
        for (int i = 0; i < rows.Length; i++)
            sampling[i].Mask = rows[i]?.Allowed is null ? -1 : i;
        return Launch(plan, sampling, logits, masks, drawnBefore, vocabulary, stride);

        // Logits stand in the opposite order, and drawn tokens elsewhere than their row, so that no index passes for another.
        void Write(SampleRow? row, int i)
        {
            if (row is null)
            {
                Assert.True(plan.TrySkip());
                return;
            }
            int logitRow = rows.Length - 1 - i, pending = row.Pending ? 2 * i + 1 : DeviceSampling.NonePending;
            row.Logits.CopyTo(logits, logitRow * stride);
            if (row.Pending)
                drawnBefore[pending] = row.Tokens[^1];
            ReadOnlySpan<int> known = row.Pending ? row.Tokens.AsSpan(..^1) : row.Tokens;
            Assert.True(DeviceSampling.TryWrite(plan, logitRow, row.Parameters, known, row.PromptLength, pending));
            for (int token = 0; token < row.Allowed?.Length; token++)
                masks[i * words + token / 32] |= (row.Allowed[token] ? 1u : 0) << token % 32;
        }
    }

    private int[] Launch(
        SamplingPlan plan, RowSampling[] rows, float[] logits, uint[] masks, int[] drawnBefore, int vocabulary, int stride)
    {
        using BenchBuffer sampling = _bench.Upload(rows), adjustments = _bench.Upload(plan.Adjustments), seen = _bench.Upload(plan.Seen);
        using BenchBuffer values = _bench.Upload(logits), maskWords = _bench.Upload(masks), before = _bench.Upload(drawnBefore);
        using BenchBuffer drawn = _bench.Upload(Enumerable.Repeat(Untouched, rows.Length).ToArray());
        using BenchBuffer scratch = _bench.Allocate((long)rows.Length * vocabulary * sizeof(float));
        SamplingKernels.Resolve(_bench.Kernels, vocabulary).Sample(_bench.Stream, new SampleArguments
        {
            Logits = values, RowsSampling = sampling, Adjustments = adjustments, Seen = seen, Masks = maskWords, DrawnBefore = before,
            Drawn = drawn, Scratch = scratch, LogitsStride = stride, Vocabulary = vocabulary, Rows = rows.Length, MaskWords = (vocabulary + 31) / 32,
        });
        _bench.Finish();
        return _bench.Download<int>(drawn, rows.Length);
    }
}
