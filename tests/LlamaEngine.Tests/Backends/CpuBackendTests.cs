using System.Collections.Immutable;
using LlamaEngine.Backends;
using LlamaEngine.Backends.Cpu;
using LlamaEngine.Formats;
using LlamaEngine.Models;

namespace LlamaEngine.Tests.Backends;

/// <summary>Whole operations of the CPU backend against plain double arithmetic, on every instruction set this machine has.</summary>
public sealed unsafe class CpuBackendTests
{
    public static TheoryData<string> Levels => [.. Enum.GetNames<CpuInstructionSet>()];

    [Theory]
    [MemberData(nameof(Levels))]
    public void Normalizes_odd_rows(string level)
    {
        foreach (int columns in new[] { 1, 15, 16, 17, 33, 100 })
        {
            using CpuBackend backend = Create(level);
            using Activations residual = backend.Allocate(3, columns), delta = backend.Allocate(3, columns), output = backend.Allocate(3, columns);
            float[] weight = Numbers.Random(columns, 1), x = Numbers.Random(3 * columns, 2), d = Numbers.Random(3 * columns, 3);
            Fill(residual, x);
            Fill(delta, d);
            using VectorWeight norm = Pinned(weight, t => backend.LoadVector(t));
            backend.RmsNorm(residual, delta, norm, 1e-5f, output, 3);
            for (int row = 0; row < 3; row++)
            {
                double squares = 0;
                for (int i = 0; i < columns; i++)
                    squares += Math.Pow(x[row * columns + i] + d[row * columns + i], 2);
                double scale = 1 / Math.Sqrt(squares / columns + 1e-5);
                for (int i = 0; i < columns; i++)
                    Assert.Equal((x[row * columns + i] + d[row * columns + i]) * scale * weight[i], backend.Read(output, row)[i], 1e-5);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Levels))]
    public void Gates_odd_rows(string level)
    {
        foreach (int columns in new[] { 1, 15, 16, 17, 33, 100 })
        {
            using CpuBackend backend = Create(level);
            using Activations input = backend.Allocate(2, 2 * columns), output = backend.Allocate(2, columns);
            float[] x = Numbers.Random(4 * columns, 4, 6);
            Fill(input, x);
            backend.SwiGlu(input, output, 2);
            for (int row = 0; row < 2; row++)
            {
                for (int i = 0; i < columns; i++)
                {
                    double gate = x[row * 2 * columns + i], up = x[row * 2 * columns + columns + i];
                    Assert.Equal(gate / (1 + Math.Exp(-gate)) * up, backend.Read(output, row)[i], 1e-5);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Levels))]
    public void Multiplies_with_several_weights_and_biases(string level)
    {
        using CpuBackend backend = Create(level);
        const int Inputs = 77, Rows = 5;
        float[] a = Numbers.Random(19 * Inputs, 5), b = Numbers.Random(3 * Inputs, 6), bias = Numbers.Random(3, 7), x = Numbers.Random(Rows * Inputs, 8);
        using Activations input = backend.Allocate(Rows, Inputs), output = backend.Allocate(Rows, 22);
        Fill(input, x);
        fixed (float* pa = a, pb = b, pbias = bias)
        {
            TensorData none = new(Info(19), null);
            using LinearWeight linear = backend.LoadLinear(
                [new(Info(19, Inputs), (byte*)pa), new(Info(3, Inputs), (byte*)pb)], [none, new(Info(3), (byte*)pbias)], TestContext.Current.CancellationToken);
            backend.Linear(linear, input, output, Rows);
            for (int row = 0; row < Rows; row++)
            {
                for (int o = 0; o < 22; o++)
                {
                    double sum = o < 19 ? 0 : bias[o - 19];
                    for (int i = 0; i < Inputs; i++)
                        sum += (double)x[row * Inputs + i] * (o < 19 ? a[o * Inputs + i] : b[(o - 19) * Inputs + i]);
                    Assert.Equal(sum, backend.Read(output, row)[o], 2e-5);
                }
            }
        }
    }

    [Fact]
    public void Allocates_nothing_per_step()
    {
        using CpuBackend backend = Create(nameof(CpuInstructionSet.Avx512));
        KvLayout layout = new(1, 1, 2, 16, 16, KvType.F16);
        float[] weight = Numbers.Random(64 * 32, 1);
        using Activations input = backend.Allocate(1, 32), qkv = backend.Allocate(1, 64), output = backend.Allocate(1, 32);
        using KvStore cache = backend.CreateKvStore(layout, 8);
        using RopeTable rope = backend.CreateRope(new RopeConfiguration { Base = 10000, Dimension = 16, Layout = RopeLayout.HalfSplit }, 16, 128);
        using VectorWeight norm = Pinned(weight[..32], t => backend.LoadVector(t));
        BatchPlan plan = new(1, 1, 8, 16);
        int[] table = [0, 1, 2, 3, 4, 5, 6, 7], token = [1];
        fixed (float* data = weight)
        {
            using LinearWeight linear = backend.LoadLinear([new(Info(64, 32), (byte*)data)], [], TestContext.Current.CancellationToken);
            long before = 0;
            for (int position = 0; position < 128; position++)
            {
                if (position == 64)
                    before = GC.GetAllocatedBytesForCurrentThread();
                plan.Clear();
                plan.Add(token, position, table, WantedRows.Last);
                backend.RmsNorm(input, null, norm, 1e-5f, output, 1);
                backend.Linear(linear, output, qkv, 1);
                backend.RotateAndStore(rope, plan, qkv, cache, 0);
                backend.Attend(plan, qkv, cache, 0, int.MaxValue, output);
                backend.SwiGlu(qkv, output, 1);
            }
            Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        }
    }

    [Fact]
    public void Gives_back_all_memory()
    {
        CpuBackend backend = Create(nameof(CpuInstructionSet.Avx512));
        float[] weight = Numbers.Random(64 * 32, 1);
        fixed (float* data = weight)
        {
            LinearWeight linear = backend.LoadLinear([new(Info(64, 32), (byte*)data)], [new(Info(64), (byte*)data)], TestContext.Current.CancellationToken);
            Activations rows = backend.Allocate(4, 64);
            backend.Linear(linear, rows, rows, 4);
            Assert.True(backend.BytesHeld > 64 * 32 * sizeof(float));
            linear.Dispose();
            linear.Dispose();
            rows.Dispose();
        }
        backend.Dispose();
        backend.Dispose();
        Assert.Equal(0, backend.BytesHeld);
    }

    private static CpuBackend Create(string level) =>
        new(new CpuOptions { Threads = 2, MaxInstructionSet = Enum.Parse<CpuInstructionSet>(level) });

    private static void Fill(Activations activations, ReadOnlySpan<float> values)
    {
        CpuActivations rows = (CpuActivations)activations;
        for (int row = 0; row < rows.Rows; row++)
            values.Slice(row * rows.Columns, rows.Columns).CopyTo(new Span<float>(rows.Row(row), rows.Columns));
    }

    private static TensorInfo Info(params ReadOnlySpan<long> shape) => new("test", TensorType.F32, [.. shape], "test", 0);

    private static T Pinned<T>(float[] values, Func<TensorData, T> use)
    {
        fixed (float* data = values)
            return use(new TensorData(Info(values.Length), (byte*)data));
    }
}
