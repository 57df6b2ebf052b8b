using LlamaEngine.Backends.Cuda.Kernels;

namespace LlamaEngine.Tests.Backends.Cuda;

/// <summary>Rows by token id, bit for bit those of the scalar decoder.</summary>
public sealed class EmbedKernelTests
{
    private const int Vocabulary = 11;
    private const uint Untouched = uint.MaxValue;

    [Theory]
    [MemberData(nameof(StoredWeights.Types), MemberType = typeof(StoredWeights))]
    public void Decodes_as_defined(string name)
    {
        using KernelBench bench = KernelBench.Open();
        TensorType type = Enum.Parse<TensorType>(name);
        foreach (int columns in StoredWeights.RowSizes(type))
        {
            StoredWeights table = new(type, Vocabulary, columns, seed: columns);
            int[] tokens = [0, 1, 7, 7, Vocabulary - 1, 3], drawn = [5];
            uint[] rows = Embed(bench, table, tokens, drawn, out int stride);
            for (int row = 0; row < tokens.Length; row++)
                AssertRow(table, tokens[row], rows.AsSpan(row * stride, stride));
            AssertUntouched(rows.AsSpan(tokens.Length * stride));
        }
    }

    [Fact]
    public void Takes_what_the_step_before_drew()
    {
        using KernelBench bench = KernelBench.Open();
        StoredWeights table = new(TensorType.Q4_K, Vocabulary, 256, seed: 1);
        int[] tokens = [~2, 4, ~0, ~1], drawn = [9, 0, 10];
        uint[] rows = Embed(bench, table, tokens, drawn, out int stride);
        int[] expected = [10, 4, 9, 0];
        for (int row = 0; row < expected.Length; row++)
            AssertRow(table, expected[row], rows.AsSpan(row * stride, stride));
    }

    [Fact]
    public void An_id_outside_the_vocabulary_gives_a_row_that_is_no_number()
    {
        using KernelBench bench = KernelBench.Open();
        StoredWeights table = new(TensorType.F16, Vocabulary, 37, seed: 1);
        int[] tokens = [Vocabulary, int.MaxValue, ~0, ~1, 2], drawn = [-1, Vocabulary + 1000];
        uint[] rows = Embed(bench, table, tokens, drawn, out int stride);
        for (int row = 0; row < 4; row++)
        {
            Assert.All(rows.AsSpan(row * stride, table.Inputs).ToArray(), value => Assert.Equal(0x7FC00000u, value));
            AssertUntouched(rows.AsSpan(row * stride + table.Inputs, stride - table.Inputs));
        }
        AssertRow(table, 2, rows.AsSpan(4 * stride, stride));
    }

    /// <summary>The rows and one behind them, as bits.</summary>
    private static uint[] Embed(KernelBench bench, StoredWeights table, int[] tokens, int[] drawn, out int stride)
    {
        stride = (table.Inputs + 3) / 4 * 4 + 4;
        int count = (tokens.Length + 1) * stride;
        BenchBuffer output = bench.Allocate(count * sizeof(float));
        LinearKernels.Resolve(bench.Kernels, table.Type).Embed(bench.Stream, new EmbedArguments
        {
            Table = bench.Upload(table.Bytes),
            Tokens = bench.Upload(tokens),
            Drawn = bench.Upload(drawn),
            Output = output,
            RowBytes = table.RowBytes,
            Columns = table.Inputs,
            OutputStride = stride,
            Rows = tokens.Length,
            Vocabulary = table.Outputs,
        });
        bench.Finish();
        return bench.Download<uint>(output, count);
    }

    private static void AssertRow(StoredWeights table, int token, ReadOnlySpan<uint> row)
    {
        for (int i = 0; i < table.Inputs; i++)
        {
            float expected = table.Values[token * table.Inputs + i];
            if (BitConverter.SingleToUInt32Bits(expected) != row[i])
                Assert.Fail($"{table.Type}, {table.Inputs} columns, token {token}, column {i}: {BitConverter.UInt32BitsToSingle(row[i])} instead of {expected}");
        }
        AssertUntouched(row[table.Inputs..]);
    }

    private static void AssertUntouched(ReadOnlySpan<uint> values) => Assert.False(values.ContainsAnyExcept(Untouched), "padding was written");
}
