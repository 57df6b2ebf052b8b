using LlamaEngine.Backends;
using LlamaEngine.Backends.Cuda;
using LlamaEngine.Formats;
using LlamaEngine.Models;

namespace LlamaEngine.Tests.Backends.Cuda;

/// <summary>Whole operations of the CUDA backend against plain double arithmetic.</summary>
public sealed unsafe class CudaBackendTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData(100)]
    public void Normalizes_odd_rows(int columns)
    {
        using CudaBench bench = CudaBench.Open();
        float[] weight = Numbers.Random(columns, 1), x = Numbers.Random(3 * columns, 2), d = Numbers.Random(3 * columns, 3);
        using CudaActivations residual = bench.Upload(x, columns), delta = bench.Upload(d, columns), output = bench.Poisoned(3, columns);
        using VectorWeight norm = bench.Vector(weight);
        bench.Backend.RmsNorm(residual, delta, norm, 1e-5f, output, 3);
        float[] actual = bench.Download(output, 3), sums = bench.Download(residual, 3);
        for (int row = 0; row < 3; row++)
        {
            double squares = 0;
            for (int i = row * columns; i < (row + 1) * columns; i++)
                squares += Math.Pow((double)x[i] + d[i], 2);
            double scale = 1 / Math.Sqrt(squares / columns + 1e-5);
            for (int i = 0; i < columns; i++)
            {
                int at = row * columns + i;
                Assert.Equal(((double)x[at] + d[at]) * scale * weight[i], actual[at], 1e-5);
                Assert.Equal(x[at] + d[at], sums[at]);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(33)]
    [InlineData(100)]
    public void Gates_odd_rows(int columns)
    {
        using CudaBench bench = CudaBench.Open();
        float[] x = Numbers.Random(4 * columns, 4, 6);
        using CudaActivations input = bench.Upload(x, 2 * columns), output = bench.Poisoned(2, columns);
        bench.Backend.SwiGlu(input, output, 2);
        float[] actual = bench.Download(output, 2);
        for (int i = 0; i < 2 * columns; i++)
        {
            int row = i / columns, column = i % columns;
            double gate = x[row * 2 * columns + column], up = x[row * 2 * columns + columns + column];
            Assert.Equal(gate / (1 + Math.Exp(-gate)) * up, actual[i], 1e-5);
        }
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(8, false)]
    [InlineData(9, false)]
    [InlineData(65, false)]
    [InlineData(1, true)]
    [InlineData(9, true)]
    public void Multiplies_with_parts_of_one_type_and_biases(int rows, bool batchInvariant)
    {
        const int Inputs = 77;
        using CudaBench bench = CudaBench.Open(batchInvariant);
        float[] a = Numbers.Random(19 * Inputs, 5), b = Numbers.Random(3 * Inputs, 6), bias = Numbers.Random(3, 7), x = Numbers.Random(rows * Inputs, 8);
        using CudaActivations input = bench.Upload(x, Inputs), output = bench.Poisoned(rows + 1, 22);
        fixed (float* pa = a, pb = b, pbias = bias)
        {
            using LinearWeight linear = bench.Backend.LoadLinear(
                [CudaBench.Tensor(TensorType.F32, pa, 19, Inputs), CudaBench.Tensor(TensorType.F32, pb, 3, Inputs)],
                [CudaBench.Tensor(TensorType.F32, null, 19), CudaBench.Tensor(TensorType.F32, pbias, 3)],
                Cancellation);
            Assert.Equal((Inputs, 22), (linear.Inputs, linear.Outputs));
            Assert.Equal(1, ((CudaLinearWeight)linear).Segments.Length);
            bench.Backend.Linear(linear, input, output, rows);
        }
        float[] actual = bench.Download(output, rows + 1);
        for (int row = 0; row < rows; row++)
        {
            for (int o = 0; o < 22; o++)
            {
                double sum = o < 19 ? 0 : bias[o - 19];
                for (int i = 0; i < Inputs; i++)
                    sum += (double)x[row * Inputs + i] * (o < 19 ? a[o * Inputs + i] : b[(o - 19) * Inputs + i]);
                Assert.Equal(sum, actual[row * 22 + o], 2e-5);
            }
        }
        Assert.All(actual.AsSpan(rows * 22).ToArray(), value => Assert.True(float.IsNaN(value)));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(20)]
    public void Multiplies_with_parts_of_several_types(int rows)
    {
        const int Inputs = 64;
        using CudaBench bench = CudaBench.Open();
        StoredWeights[] parts =
        [
            new(TensorType.Q8_0, 8, Inputs, 1), new(TensorType.Q8_0, 4, Inputs, 2), new(TensorType.BF16, 12, Inputs, 3),
            new(TensorType.F32, 4, Inputs, 4), new(TensorType.Q4_0, 20, Inputs, 5),
        ];
        float[] weights = [.. parts.SelectMany(part => part.Values)], x = Numbers.Random(rows * Inputs, 9);
        using CudaActivations input = bench.Upload(x, Inputs), output = bench.Poisoned(rows, 48);
        fixed (byte* a = parts[0].Bytes, b = parts[1].Bytes, c = parts[2].Bytes, d = parts[3].Bytes, e = parts[4].Bytes)
        {
            TensorData[] tensors =
            [
                CudaBench.Tensor(TensorType.Q8_0, a, 8, Inputs), CudaBench.Tensor(TensorType.Q8_0, b, 4, Inputs), CudaBench.Tensor(TensorType.BF16, c, 12, Inputs),
                CudaBench.Tensor(TensorType.F32, d, 4, Inputs), CudaBench.Tensor(TensorType.Q4_0, e, 20, Inputs),
            ];
            using LinearWeight linear = bench.Backend.LoadLinear(tensors, [], Cancellation);
            Assert.Equal(4, ((CudaLinearWeight)linear).Segments.Length);
            bench.Backend.Linear(linear, input, output, rows);
        }
        float[] actual = bench.Download(output, rows);
        for (int i = 0; i < actual.Length; i++)
        {
            int row = i / 48, o = i % 48;
            double sum = 0, magnitude = 0;
            for (int c = 0; c < Inputs; c++)
            {
                double product = (double)x[row * Inputs + c] * weights[o * Inputs + c];
                (sum, magnitude) = (sum + product, magnitude + Math.Abs(product));
            }
            // Up to eight rows nothing is rounded; from nine on both factors may be rounded to 16 bits, of which bfloat16 keeps 8.
            double bound = rows <= 8 ? 1e-6 : 1.0 / 128;
            Assert.True(Math.Abs(sum - actual[i]) <= bound * magnitude + 1e-6, $"row {row}, output {o}: {actual[i]} for {sum}");
        }
    }

    [Fact]
    public void A_table_that_is_the_output_layer_too_is_there_once()
    {
        using CudaBench bench = CudaBench.Open();
        var weights = new StoredWeights(TensorType.F32, 1024, 1024, 1);
        fixed (byte* data = weights.Bytes)
        {
            TensorData tensor = CudaBench.Tensor(TensorType.F32, data, 1024, 1024);
            EmbeddingWeight table = bench.Backend.LoadEmbedding(tensor);
            long once = bench.Backend.BytesHeld;
            LinearWeight head = bench.Backend.LoadLinear([tensor], [], Cancellation);
            Assert.Equal(once, bench.Backend.BytesHeld);
            table.Dispose();
            table.Dispose();
            Assert.Equal(once, bench.Backend.BytesHeld);
            head.Dispose();
            Assert.True(bench.Backend.BytesHeld <= once - weights.Bytes.Length);
        }
    }

    [Fact]
    public void Looks_up_tokens_and_what_was_drawn_before()
    {
        using CudaBench bench = CudaBench.Open();
        var weights = new StoredWeights(TensorType.F32, 10, 36, 1);
        using EmbeddingWeight table = bench.Embedding(weights);
        using CudaActivations output = bench.Poisoned(3, 36);
        BatchPlan plan = new(3, 1, 1, 16);
        plan.Add([7, 0, 9], 0, [0], WantedRows.None);
        bench.Pass(plan, () => bench.Backend.Embed(table, plan, output));
        float[] actual = bench.Download(output, 3);
        Assert.Equal([.. Row(7), .. Row(0), .. Row(9)], actual);

        float[] Row(int token) => weights.Values.AsSpan(token * 36, 36).ToArray();
    }

    [Theory]
    [InlineData(RopeLayout.HalfSplit)]
    [InlineData(RopeLayout.Interleaved)]
    public void Rotates_queries_by_position(RopeLayout layout)
    {
        const int HeadSize = 24, Dimension = 16, Heads = 2, Width = 4 * HeadSize, First = 5, Rows = 3;
        using CudaBench bench = CudaBench.Open();
        float[] x = Numbers.Random(Rows * Width, 1);
        using CudaActivations qkv = bench.Upload(x, Width);
        using KvStore cache = bench.Backend.CreateKvStore(new KvLayout(1, 1, Heads, HeadSize, 4, KvType.F32), 2);
        using RopeTable rope = bench.Backend.CreateRope(new RopeConfiguration { Base = 100, Dimension = Dimension, Layout = layout }, HeadSize, 8);
        BatchPlan plan = new(Rows, 1, 2, 4);
        plan.Add(new int[Rows], First, [1, 0], WantedRows.None);
        bench.Pass(plan, () => bench.Backend.RotateAndStore(rope, plan, qkv, cache, 0));
        float[] actual = bench.Download(qkv, Rows);
        for (int row = 0; row < Rows; row++)
        {
            for (int head = 0; head < Heads; head++)
            {
                int at = row * Width + head * HeadSize;
                for (int pair = 0; pair < Dimension / 2; pair++)
                {
                    double angle = (First + row) * Math.Pow(100, -2.0 * pair / Dimension);
                    int a = layout == RopeLayout.Interleaved ? 2 * pair : pair, b = layout == RopeLayout.Interleaved ? a + 1 : a + Dimension / 2;
                    Assert.Equal(x[at + a] * Math.Cos(angle) - x[at + b] * Math.Sin(angle), actual[at + a], 1e-6);
                    Assert.Equal(x[at + a] * Math.Sin(angle) + x[at + b] * Math.Cos(angle), actual[at + b], 1e-6);
                }
                for (int i = Dimension; i < HeadSize; i++)
                    Assert.Equal(x[at + i], actual[at + i]);
            }
        }
    }

    [Fact]
    public void Selects_any_rows()
    {
        using CudaBench bench = CudaBench.Open();
        float[] x = Numbers.Random(5 * 37, 1);
        using CudaActivations source = bench.Upload(x, 37), destination = bench.Poisoned(4, 37);
        bench.Backend.SelectRows([4, 0], source, destination, 1);
        float[] actual = bench.Download(destination, 4);
        Assert.Equal([.. x.AsSpan(4 * 37, 37), .. x.AsSpan(0, 37)], actual.AsSpan(37, 2 * 37).ToArray());
        Assert.True(float.IsNaN(actual[0]) && float.IsNaN(actual[3 * 37]));
    }

    [Fact]
    public void More_rows_than_there_is_room_for_are_refused()
    {
        using CudaBench bench = CudaBench.Open();
        using CudaActivations small = bench.Poisoned(2, 8), large = bench.Poisoned(3, 16);
        Assert.Throws<ArgumentOutOfRangeException>(() => bench.Backend.SwiGlu(large, small, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => bench.Backend.Read(small, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => bench.Backend.SelectRows([0, 0], large, large, 2));
        Assert.Throws<InvalidOperationException>(() => bench.Backend.EndStep(new BatchPlan(1, 1, 1, 16)));
    }

    [Fact]
    public void Weights_of_different_widths_are_refused_and_nothing_stays_behind()
    {
        using CudaBench bench = CudaBench.Open();
        long before = bench.Backend.BytesHeld;
        float[] data = new float[64];
        fixed (float* values = data)
        {
            TensorData a = CudaBench.Tensor(TensorType.F32, values, 2, 8), b = CudaBench.Tensor(TensorType.F32, values, 2, 16);
            Assert.Throws<ArgumentOutOfRangeException>(() => bench.Backend.LoadLinear([a, b], [], Cancellation));
        }
        Assert.Equal(before, bench.Backend.BytesHeld);
    }

    [Fact]
    public void A_cancelled_upload_leaves_nothing_behind()
    {
        using CudaBench bench = CudaBench.Open();
        long before = bench.Backend.BytesHeld;
        const int Rows = 12 * 1024, Columns = 1024; // three slices of the ring
        float[] values = new float[Rows * Columns];
        fixed (float* data = values)
        {
            float* weights = data;
            using CancellationTokenSource now = new();
            now.Cancel();
            Assert.ThrowsAny<OperationCanceledException>(() => Load(weights, now.Token));
            Assert.Equal(before, bench.Backend.BytesHeld);
            // In the middle of it, as soon as the first slice is taken; or behind it, where the ring stays for the next upload.
            using CancellationTokenSource soon = new();
            Thread cancelling = new(() =>
            {
                SpinWait.SpinUntil(() => bench.Backend.BytesHeld > before, TimeSpan.FromSeconds(30));
                soon.Cancel();
            });
            cancelling.Start();
            try
            {
                Load(weights, soon.Token).Dispose();
                Assert.InRange(bench.Backend.BytesHeld - before, 0, 64 << 20);
            }
            catch (OperationCanceledException)
            {
                Assert.Equal(before, bench.Backend.BytesHeld);
            }
            cancelling.Join();
        }

        LinearWeight Load(float* first, CancellationToken token)
        {
            TensorData part = CudaBench.Tensor(TensorType.F32, first, Rows, Columns);
            return bench.Backend.LoadLinear([part], [], token);
        }
    }

    [Fact]
    public void A_large_weight_arrives_whole()
    {
        using CudaBench bench = CudaBench.Open();
        const int Rows = 70_001, Columns = 257; // 72 MB: more than the ring has, in odd rows
        float[] values = new float[Rows * Columns];
        for (int row = 0; row < Rows; row++)
            values[row * Columns + row % Columns] = row;
        fixed (float* data = values)
        {
            using EmbeddingWeight table = bench.Backend.LoadEmbedding(CudaBench.Tensor(TensorType.F32, data, Rows, Columns));
            Array.Clear(values); // it was copied
            int[] tokens = [0, 1, 16_383, 16_384, 33_000, 65_279, 65_280, 70_000];
            using CudaActivations output = bench.Poisoned(tokens.Length, Columns);
            BatchPlan plan = new(tokens.Length, 1, 1, 16);
            plan.Add(tokens, 0, [0], WantedRows.None);
            bench.Pass(plan, () => bench.Backend.Embed(table, plan, output));
            foreach ((int row, int token) in tokens.Index())
            {
                float[] expected = new float[Columns];
                expected[token % Columns] = token;
                Assert.Equal(expected, bench.Backend.Read(output, row).ToArray());
            }
        }
    }

    [Fact]
    public void The_self_test_passes()
    {
        using (KernelBench.Open())
        {
        }
        SelfTestResult result = KernelSelfTest.Run(0);
        Assert.True(result.Passed, result.Detail);
        Assert.True(result.Checks.Length > 20);
        Assert.All(result.Checks, check => Assert.True(check.Passed, $"{check.Name}: {check.WorstError}"));
        Assert.Contains(result.Checks, check => check.WorstError > 0);
    }
}
