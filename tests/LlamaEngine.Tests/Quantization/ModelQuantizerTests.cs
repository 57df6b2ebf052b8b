using LlamaEngine.Formats;
using LlamaEngine.Formats.Gguf;
using LlamaEngine.Formats.Quantization;

namespace LlamaEngine.Tests.Quantization;

/// <summary>Whole models: against the conversions of the reference tools, and that failures leave nothing behind.</summary>
public sealed unsafe class ModelQuantizerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("quantizer-").FullName;

    private string Target => Path.Combine(_folder, "out.gguf");

    private static string Quantized => SharedData.Own("quants", "models", "Q8_0.gguf");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_folder_becomes_the_file_that_the_reference_converter_makes() =>
        AssertConvertsLikeTheReference(SharedData.Own("models", "rope-llama3"));

    [Theory]
    [InlineData("mha")]
    [InlineData("gqa-tied")]
    [InlineData("head-dim")]
    [InlineData("rope-linear")]
    [InlineData("rope-yarn")]
    public void Further_folders_become_the_files_that_the_reference_converter_makes(string name) =>
        AssertConvertsLikeTheReference(SharedData.Shared("golden", "models", name));

    private void AssertConvertsLikeTheReference(string folder)
    {
        string reference = Path.Combine(folder, "model.gguf");
        Quantize(folder, TensorType.F32, Target);
        using ModelFile expected = ModelFile.Open(reference), actual = ModelFile.Open(Target);
        Assert.Equal(expected.Tensors.Select(tensor => tensor.Name).Order(), actual.Tensors.Select(tensor => tensor.Name).Order());
        foreach (TensorInfo info in expected.Tensors)
            Assert.Equal(Bytes(expected, info.Name), Bytes(actual, info.Name));
        Assert.Equal(expected.Configuration with { Rope = actual.Configuration.Rope }, actual.Configuration);
        Assert.Equal(
            expected.Configuration.Rope with { FrequencyDivisors = [] }, actual.Configuration.Rope with { FrequencyDivisors = [] });
        Assert.Equal(expected.Configuration.Rope.FrequencyDivisors, actual.Configuration.Rope.FrequencyDivisors);
    }

    [Fact]
    public void Biases_of_query_and_key_change_their_order_with_the_weights()
    {
        Quantize(SharedData.Own("models", "bias"), TensorType.F32, Target);
        using ModelFile source = ModelFile.Open(SharedData.Own("models", "bias")), result = ModelFile.Open(Target);
        int head = source.Configuration.HeadSize;
        foreach (string name in (string[])["blk.0.attn_q.bias", "blk.1.attn_k.bias"])
        {
            float[] before = Values(source, name), after = Values(result, name);
            for (int i = 0; i < before.Length; i++)
            {
                // A head's first half goes to the even places, its second half to the odd ones.
                int place = i % head < head / 2 ? 2 * (i % head) : 2 * (i % head - head / 2) + 1;
                Assert.Equal(before[i], after[i / head * head + place]);
            }
        }
        Assert.Equal(Values(source, "blk.0.attn_v.bias"), Values(result, "blk.0.attn_v.bias"));
        Assert.Equal(Values(source, "blk.0.ffn_up.bias"), Values(result, "blk.0.ffn_up.bias"));
    }

    [Fact]
    public void A_GGUF_file_keeps_its_metadata_except_for_its_type()
    {
        Quantize(SharedData.Own("..", "..", "assets", "lexicon-5m-q8_0.gguf"), TensorType.Q4_0, Target);
        Dictionary<string, object> before = Metadata(SharedData.Own("..", "..", "assets", "lexicon-5m-q8_0.gguf"));
        Dictionary<string, object> after = Metadata(Target);
        Assert.Equal(2u, after["general.file_type"]);
        Assert.Equal(2u, after["general.quantization_version"]);
        foreach ((string key, object value) in before.Where(entry => entry.Key is not ("general.file_type" or "general.quantization_version")))
            Assert.Equal(value, after[key]);
    }

    public static TheoryData<TensorType> Types => new(ModelQuantizer.Types.ToArray());

    [Theory]
    [MemberData(nameof(Types))]
    public void Every_type_keeps_the_weights_within_its_precision(TensorType type)
    {
        Quantize(Quantized, type, Target);
        using ModelFile source = ModelFile.Open(Quantized), result = ModelFile.Open(Target);
        double bound = type switch { TensorType.F32 or TensorType.Q8_0 => 0, TensorType.Q6_K or TensorType.F16 or TensorType.BF16 => 0.025, _ => 0.12 };
        foreach (TensorInfo info in source.Tensors)
        {
            result.TryGetTensor(info.Name, out TensorData tensor);
            Assert.Equal(info.Shape, tensor.Info.Shape);
            Assert.Equal(ExpectedType(info, type), tensor.Type);
            Assert.InRange(RelativeError(Values(source, info.Name), Values(result, info.Name)), 0, bound);
        }
    }

    [Fact]
    public void The_number_of_threads_does_not_change_the_file()
    {
        string other = Path.Combine(_folder, "other.gguf");
        Quantize(Quantized, TensorType.Q4_K, Target, threads: 1);
        Quantize(Quantized, TensorType.Q4_K, other, threads: 7);
        Assert.Equal(File.ReadAllBytes(Target), File.ReadAllBytes(other));
    }

    [Fact]
    public void Progress_reaches_the_end()
    {
        var reports = new List<QuantizationProgress>();
        using (ModelFile model = ModelFile.Open(Quantized))
            ModelQuantizer.Quantize(model, TensorType.F16, Target, 2, new Recorder(reports.Add), TestContext.Current.CancellationToken);
        Assert.Equal(reports[^1].TotalBytes, reports[^1].BytesWritten);
        Assert.Equal(reports.Select(report => report.BytesWritten).Order(), reports.Select(report => report.BytesWritten));
    }

    [Fact]
    public void Cancelling_leaves_nothing_behind()
    {
        using var cancellation = new CancellationTokenSource();
        using ModelFile model = ModelFile.Open(Quantized);
        int reports = 0;
        var progress = new Recorder(_ =>
        {
            if (++reports == 3)
                cancellation.Cancel();
        });
        Assert.Throws<OperationCanceledException>(() => ModelQuantizer.Quantize(model, TensorType.Q4_0, Target, 2, progress, cancellation.Token));
        Assert.Equal(3, reports);
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void A_weight_that_is_not_a_number_is_named_and_nothing_is_left_behind()
    {
        string damaged = Path.Combine(_folder, "damaged.gguf");
        File.Copy(SharedData.Own("models", "gqa-tied", "model.gguf"), damaged);
        long offset;
        using (ModelFile model = ModelFile.Open(damaged))
            offset = model.Tensors.First(tensor => tensor.Name == "blk.1.ffn_up.weight").Offset;
        using (FileStream file = File.OpenWrite(damaged))
        {
            file.Position = offset + 4;
            file.Write(BitConverter.GetBytes(float.NaN));
        }
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => Quantize(damaged, TensorType.Q8_0, Target));
        Assert.Contains("blk.1.ffn_up.weight", error.Message, StringComparison.Ordinal);
        Assert.Equal([damaged], Directory.GetFileSystemEntries(_folder));
    }

    [Theory]
    [InlineData(TensorType.Q5_K)]
    [InlineData(TensorType.IQ4_XS)]
    public void Other_types_are_refused_with_the_list(TensorType type) => Assert.Contains("Q4_K",
        Assert.Throws<ArgumentException>(() => Quantize(Quantized, type, Target)).Message, StringComparison.Ordinal);

    private static TensorType ExpectedType(TensorInfo info, TensorType type)
    {
        if (info.Shape.Length == 1)
            return TensorType.F32;
        bool fourBits = type is TensorType.Q4_0 or TensorType.Q4_1 or TensorType.Q4_K;
        return fourBits && info.Name == "output.weight" ? TensorType.Q6_K : type;
    }

    private static void Quantize(string model, TensorType type, string path, int threads = 2)
    {
        using ModelFile file = ModelFile.Open(model);
        ModelQuantizer.Quantize(file, type, path, threads, null, TestContext.Current.CancellationToken);
    }

    private static Dictionary<string, object> Metadata(string path)
    {
        using MappedFile file = MappedFile.Open(path);
        return GgufHeader.Read(file).Metadata.Values.ToDictionary();
    }

    private static byte[] Bytes(ModelFile model, string name)
    {
        Assert.True(model.TryGetTensor(name, out TensorData tensor));
        return new ReadOnlySpan<byte>(tensor.Data, (int)tensor.Info.ByteLength).ToArray();
    }

    private static float[] Values(ModelFile model, string name)
    {
        Assert.True(model.TryGetTensor(name, out TensorData tensor));
        var values = new float[tensor.Info.ElementCount];
        fixed (float* destination = values)
            BlockCodec.Decode(tensor.Type, tensor.Data, destination, values.Length);
        return values;
    }

    private static double RelativeError(float[] expected, float[] actual)
    {
        double error = expected.Zip(actual, (a, b) => Math.Pow((double)a - b, 2)).Sum();
        return Math.Sqrt(error / expected.Sum(value => (double)value * value));
    }

    private sealed class Recorder(Action<QuantizationProgress> action) : IProgress<QuantizationProgress>
    {
        public void Report(QuantizationProgress value) => action(value);
    }
}
