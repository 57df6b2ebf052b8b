using LlamaEngine.Backends.Cuda.Kernels;

namespace LlamaEngine.Tests.Backends.Cuda;

/// <summary>RMSNorm, SwiGLU and row selection against double arithmetic, around the ends of quads, warps and blocks.</summary>
public sealed class RowKernelTests
{
    public static TheoryData<int, bool> Norms
    {
        get
        {
            var data = new TheoryData<int, bool>();
            foreach (int columns in new[] { 1, 3, 4, 5, 127, 128, 129, 255, 576, 1023, 1024, 1025, 2050, 4096 })
                data.Add(columns, columns % 2 == 0);
            data.Add(129, true);
            data.Add(1024, false);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Norms))]
    public void Normalizes_and_adds(int columns, bool withDelta)
    {
        const int Rows = 3;
        const float Epsilon = 1e-5f;
        using KernelBench bench = KernelBench.Open();
        int residualStride = Stride(columns, 0), deltaStride = Stride(columns, 4), outputStride = Stride(columns, 8);
        float[] residual = Padded(Rows, columns, residualStride, 1), delta = Padded(Rows, columns, deltaStride, 2), weight = Numbers.Random(columns, 3);
        BenchBuffer residualBuffer = bench.Upload(residual), output = bench.Allocate(Rows * outputStride * sizeof(float));
        RmsNormArguments arguments = new()
        {
            Residual = residualBuffer,
            Delta = withDelta ? bench.Upload(delta).Address : 0,
            Weight = bench.Upload(weight),
            Output = output,
            ResidualStride = residualStride,
            DeltaStride = deltaStride,
            OutputStride = outputStride,
            Columns = columns,
            Rows = Rows,
            Epsilon = Epsilon,
        };
        RowKernels kernels = new(bench.Kernels);
        kernels.RmsNorm(bench.Stream, arguments);
        bench.Finish();
        float[] sums = bench.Download<float>(residualBuffer, residual.Length), result = bench.Download<float>(output, Rows * outputStride);
        for (int row = 0; row < Rows; row++)
        {
            float[] expected = residual[(row * residualStride)..(row * residualStride + columns)];
            for (int i = 0; i < columns && withDelta; i++)
                expected[i] += delta[row * deltaStride + i];
            Assert.Equal(expected, sums[(row * residualStride)..(row * residualStride + columns)]);
            double rms = Math.Sqrt(expected.Average(x => (double)x * x) + Epsilon);
            for (int i = 0; i < columns; i++)
                Assert.Equal(expected[i] / rms * weight[i], result[row * outputStride + i], 2e-6 * Math.Abs(expected[i] / rms));
            Assert.All(result[(row * outputStride + columns)..((row + 1) * outputStride)], value => Assert.True(float.IsNaN(value)));
        }
    }

    [Fact]
    public void A_row_of_the_norm_does_not_depend_on_others()
    {
        using KernelBench bench = KernelBench.Open();
        const int Rows = 5, Columns = 1100;
        float[] residual = Numbers.Random(Rows * Columns, 4);
        float[] together = Norm(bench, residual, Rows, Columns), alone = Norm(bench, residual[(3 * Columns)..(4 * Columns)], 1, Columns);
        Assert.Equal(together[(3 * Columns)..(4 * Columns)], alone);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(127)]
    [InlineData(1024)]
    [InlineData(1028)]
    [InlineData(1031)]
    public void Activates_gates(int columns)
    {
        const int Rows = 2;
        using KernelBench bench = KernelBench.Open();
        int inputStride = Stride(2 * columns, 4), outputStride = Stride(columns, 4);
        float[] input = Padded(Rows, 2 * columns, inputStride, 5);
        for (int i = 0; i < input.Length; i++)
            input[i] *= 12;
        (input[0], input[inputStride]) = (-200, 200);
        BenchBuffer output = bench.Allocate(Rows * outputStride * sizeof(float));
        new RowKernels(bench.Kernels).SwiGlu(bench.Stream, new SwiGluArguments
        {
            GateUp = bench.Upload(input),
            Output = output,
            InputStride = inputStride,
            OutputStride = outputStride,
            Columns = columns,
            Rows = Rows,
        });
        bench.Finish();
        float[] result = bench.Download<float>(output, Rows * outputStride);
        for (int i = 0; i < Rows * outputStride; i++)
        {
            int row = i / outputStride, column = i % outputStride;
            double gate = input[row * inputStride + column], up = column < columns ? input[row * inputStride + columns + column] : 0;
            if (column >= columns)
                Assert.True(float.IsNaN(result[i]));
            else
                Assert.Equal(gate / (1 + Math.Exp(-gate)) * up, result[i], 1e-6 * Math.Abs(gate * up / (1 + Math.Exp(-gate))) + 1e-30);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(6)]
    [InlineData(1024)]
    [InlineData(1029)]
    public void Selects_rows(int columns)
    {
        using KernelBench bench = KernelBench.Open();
        int[] rows = [4, 0, -1, 4, 2];
        int sourceStride = Stride(columns, 4), outputStride = Stride(columns, 0);
        float[] source = Padded(5, columns, sourceStride, 6);
        BenchBuffer output = bench.Allocate(rows.Length * outputStride * sizeof(float));
        new RowKernels(bench.Kernels).SelectRows(bench.Stream, new SelectRowsArguments
        {
            Indices = bench.Upload(rows),
            Source = bench.Upload(source),
            Output = output,
            SourceStride = sourceStride,
            OutputStride = outputStride,
            Columns = columns,
            Rows = rows.Length,
        });
        bench.Finish();
        float[] result = bench.Download<float>(output, rows.Length * outputStride);
        for (int i = 0; i < result.Length; i++)
        {
            int row = rows[i / outputStride], column = i % outputStride;
            Assert.Equal(row >= 0 && column < columns ? source[row * sourceStride + column] : float.NaN, result[i]);
        }
    }

    private static float[] Norm(KernelBench bench, float[] residual, int rows, int columns)
    {
        BenchBuffer output = bench.Allocate(rows * columns * sizeof(float));
        new RowKernels(bench.Kernels).RmsNorm(bench.Stream, new RmsNormArguments
        {
            Residual = bench.Upload(residual),
            Weight = bench.Upload(Numbers.Random(columns, 3)),
            Output = output,
            ResidualStride = columns,
            OutputStride = columns,
            Columns = columns,
            Rows = rows,
            Epsilon = 1e-6f,
        });
        bench.Finish();
        return bench.Download<float>(output, rows * columns);
    }

    private static int Stride(int columns, int more) => ((columns + 3) & ~3) + more;

    /// <summary>Random rows; NaN between them.</summary>
    private static float[] Padded(int rows, int columns, int stride, int seed)
    {
        float[] values = Numbers.Random(rows * stride, seed);
        for (int row = 0; row < rows; row++)
            values.AsSpan(row * stride + columns, stride - columns).Fill(float.NaN);
        return values;
    }
}
