using LlamaEngine.Formats;
using LlamaEngine.Formats.Gguf;
using LlamaEngine.Formats.Quantization;

namespace LlamaEngine.Tests.Quantization;

/// <summary>Random models: published sizes, plausible weights, the same ones every time.</summary>
public unsafe class SyntheticModelTests
{
    /// <summary>The numbers of parameters that the models' publishers state.</summary>
    [Theory]
    [InlineData("llama-3.2-1b", 1_235_814_400)]
    [InlineData("llama-3.2-3b", 3_212_749_824)]
    [InlineData("llama-3.1-8b", 8_030_261_248)]
    [InlineData("llama-3.1-70b", 70_553_706_496)]
    [InlineData("smollm2-135m", 134_515_008)]
    public void Shapes_have_the_published_number_of_parameters(string shape, long parameters)
    {
        using SyntheticModel model = SyntheticModel.Parse($"{shape}:Q8_0");
        Assert.Equal(parameters, model.Tensors.Where(tensor => tensor.Name != GgufWriterMetadata.DivisorsName).Sum(tensor => tensor.ElementCount));
        Assert.Null(model.LoadTokenizer());
    }

    [Theory]
    [InlineData("llama-3.2-1b", 32, 32f)]
    [InlineData("llama-3.1-8b", 64, 8f)]
    public void Llama_3_scales_its_lowest_frequencies_by_the_factor(string shape, int pairs, float factor)
    {
        using SyntheticModel model = SyntheticModel.Parse($"{shape}:F16");
        Assert.True(model.TryGetTensor("rope_freqs.weight", out TensorData tensor));
        float[] divisors = new ReadOnlySpan<float>(tensor.Data, pairs).ToArray();
        Assert.Equal(divisors, model.Configuration.Rope.FrequencyDivisors);
        Assert.Equal(1f, divisors[0]);
        Assert.Equal(factor, divisors[^1], 1e-4f);
        Assert.Contains(divisors, divisor => divisor > 1.01f && divisor < factor - 0.01f);
    }

    public static TheoryData<TensorType> Types => new(TensorTypes.All.ToArray());

    [Theory]
    [MemberData(nameof(Types))]
    public void Weights_are_small_centred_and_finite_in_every_type(TensorType type)
    {
        using SyntheticModel model = SyntheticModel.Parse($"llama-3.2-1b:{type}");
        float[] values = Values(model, "blk.3.ffn_up.weight", 1 << 20);
        Assert.All(values, value => Assert.InRange(value, -0.5f, 0.5f));
        double mean = values.Average(value => (double)value);
        double deviation = Math.Sqrt(values.Average(value => (double)value * value));
        Assert.InRange(mean, -0.004, 0.004);
        Assert.InRange(deviation, 0.015, 0.025);
    }

    [Fact]
    public void The_same_description_gives_the_same_weights_and_tensors_differ()
    {
        using SyntheticModel one = SyntheticModel.Parse("smollm2-135m:q4_0"), other = SyntheticModel.Parse("smollm2-135m:Q4_0");
        float[] query = Values(one, "blk.0.attn_q.weight", 2048);
        Assert.Equal(query, Values(other, "blk.0.attn_q.weight", 2048));
        Assert.NotEqual(query, Values(one, "blk.1.attn_q.weight", 2048));
        Assert.NotEqual(query[..576], query[576..1152]);
    }

    [Fact]
    public void Rows_that_do_not_fill_super_blocks_take_smaller_blocks()
    {
        using SyntheticModel model = SyntheticModel.Parse("smollm2-135m:Q4_K");
        Assert.True(model.TryGetTensor("blk.0.attn_q.weight", out TensorData query));
        Assert.Equal(TensorType.Q5_0, query.Type);
        Assert.True(model.TryGetTensor("blk.0.ffn_down.weight", out TensorData down));
        Assert.Equal(TensorType.Q4_K, down.Type);
        Assert.False(model.TryGetTensor("output.weight", out _));
    }

    [Theory]
    [InlineData("llama-3.2-1b", "SHAPE:TYPE")]
    [InlineData("gpt-2:Q4_0", "llama-3.1-70b")]
    [InlineData("llama-3.2-1b:IQ2_XXS", "Q6_K")]
    [InlineData("llama-3.2-1b:", "IQ4_NL")]
    public void Unknown_descriptions_are_refused_with_what_is_known(string description, string named) =>
        Assert.Contains(named, Assert.Throws<ArgumentException>(() => SyntheticModel.Parse(description)).Message, StringComparison.Ordinal);

    [Fact]
    public void After_disposal_there_are_no_tensors()
    {
        SyntheticModel model = SyntheticModel.Parse("smollm2-135m:Q8_0");
        model.Dispose();
        Assert.Throws<ObjectDisposedException>(() => model.TryGetTensor("token_embd.weight", out _));
    }

    private static float[] Values(SyntheticModel model, string name, int count)
    {
        Assert.True(model.TryGetTensor(name, out TensorData tensor));
        var values = new float[count];
        fixed (float* destination = values)
            BlockCodec.Decode(tensor.Type, tensor.Data, destination, count);
        return values;
    }
}
