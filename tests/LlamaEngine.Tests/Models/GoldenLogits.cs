using System.Runtime.InteropServices;
using System.Text.Json;

namespace LlamaEngine.Tests.Models;

/// <summary>Reference logits of token sequences, and how far an engine's are from them.</summary>
internal sealed class GoldenLogits
{
    private readonly float[] _expected;

    private GoldenLogits(List<int[]> sequences, float[] expected)
    {
        Sequences = sequences;
        _expected = expected;
        Vocabulary = expected.Length / sequences.Sum(sequence => sequence.Length);
    }

    public List<int[]> Sequences { get; }

    /// <summary>Logits of all sequences together.</summary>
    public int Count => _expected.Length;

    private int Vocabulary { get; }

    public static GoldenLogits Load(string tokensFile, string logitsFile)
    {
        List<int[]> sequences = JsonSerializer.Deserialize<List<int[]>>(File.ReadAllBytes(tokensFile))!;
        return new GoldenLogits(sequences, MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(logitsFile)).ToArray());
    }

    /// <summary>Computes all logits with an engine.</summary>
    public async Task<float[]> ComputeAsync(string model, EngineOptions? options = null)
    {
        var actual = new float[_expected.Length];
        actual.AsSpan().Fill(float.NaN);
        int[] firstRow = new int[Sequences.Count];
        for (int i = 1; i < firstRow.Length; i++)
            firstRow[i] = firstRow[i - 1] + Sequences[i - 1].Length;
        // As it runs by default: on a GPU the number of rows chooses the kernels, unless the options say otherwise.
        EngineOptions asked = (options ?? new EngineOptions()) with { ModelPath = model };
        await using var engine = InferenceEngine.Create(TestDevice.IsCuda ? asked with { Device = DeviceKind.Cuda } : asked);
        await engine.ComputeLogitsAsync(
            Sequences,
            (sequence, position, logits) => logits.CopyTo(actual.AsSpan((firstRow[sequence] + position) * Vocabulary, Vocabulary)),
            TestContext.Current.CancellationToken);
        return actual;
    }

    /// <summary>Largest difference ÷ largest reference logit.</summary>
    public double MaxError(float[] actual)
    {
        double difference = 0, largest = 0;
        for (int i = 0; i < actual.Length; i++)
        {
            Assert.True(float.IsFinite(actual[i]), $"logit {i} is {actual[i]}");
            difference = Math.Max(difference, Math.Abs(actual[i] - _expected[i]));
            largest = Math.Max(largest, Math.Abs(_expected[i]));
        }
        return difference / largest;
    }

    /// <summary>Mean Kullback-Leibler divergence of the softmax distributions, reference first.</summary>
    public double MeanDivergence(float[] actual)
    {
        double sum = 0;
        int rows = actual.Length / Vocabulary;
        for (int row = 0; row < rows; row++)
        {
            double[] p = LogSoftmax(_expected.AsSpan(row * Vocabulary, Vocabulary)), q = LogSoftmax(actual.AsSpan(row * Vocabulary, Vocabulary));
            for (int i = 0; i < p.Length; i++)
                sum += Math.Exp(p[i]) * (p[i] - q[i]);
        }
        return sum / rows;
    }

    private static double[] LogSoftmax(ReadOnlySpan<float> logits)
    {
        double max = double.NegativeInfinity, sum = 0;
        foreach (float logit in logits)
            max = Math.Max(max, logit);
        foreach (float logit in logits)
            sum += Math.Exp(logit - max);
        var result = new double[logits.Length];
        for (int i = 0; i < result.Length; i++)
            result[i] = logits[i] - max - Math.Log(sum);
        return result;
    }
}
