using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using LlamaEngine.Formats;
using LlamaEngine.Models;

namespace LlamaEngine.Tests.Formats;

/// <summary>Equal contents, equal identity; any difference that could reach a logit, another one.</summary>
public sealed class ModelIdentityTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void It_is_the_digest_of_what_is_documented()
    {
        // One tensor of more than two pieces, so that the order of their digests counts.
        GgufWriter writer = Tiny();
        byte[] data = new byte[(9 << 20) + 4];
        new Random(1).NextBytes(data);
        writer.Tensors.Add(new GgufWriter.Tensor("extra.weight", 0, [(ulong)data.Length / 4], data));
        using ModelFile file = ModelFile.Open(_folder.Write("any.gguf", writer.ToArray()));
        Assert.Equal(Recompute(file.Configuration, writer), file.ComputeIdentity(TestContext.Current.CancellationToken).ToString());
    }

    [Fact]
    public void The_name_the_place_and_what_changes_no_logit_do_not_count()
    {
        GgufWriter other = Tiny().Set("general.name", "another").Set("tokenizer.chat_template", "{{ messages }}");
        other.Alignment = 64;
        other.Set("general.alignment", 64u).Tensors.Reverse();
        Assert.Equal(Identity(Tiny()), Identity(other));
    }

    [Theory]
    [InlineData("gqa-tied")]
    [InlineData("rope-llama3")]
    [InlineData("bias")]
    public void A_bit_of_any_tensor_counts(string name)
    {
        string path = SharedData.Own("models", name), gguf = Path.Combine(path, "model.gguf");
        using ModelFile original = ModelFile.Open(File.Exists(gguf) ? gguf : path);
        HashSet<ModelIdentity> identities = [original.ComputeIdentity(TestContext.Current.CancellationToken)];
        foreach (TensorInfo tensor in original.Tensors)
        {
            byte[] bytes = File.ReadAllBytes(tensor.File);
            // The lowest bit of a number is as good as any.
            bytes[tensor.Offset + (tensor.ByteLength / 8 * 4)] ^= 1;
            string copy = _folder.Write(Path.GetFileName(tensor.File), bytes);
            if (!File.Exists(gguf))
                File.Copy(Path.Combine(path, "config.json"), Path.Combine(_folder.Path, "config.json"), overwrite: true);
            Assert.True(identities.Add(Identity(File.Exists(gguf) ? copy : _folder.Path)), tensor.Name);
        }
        Assert.Equal(original.Tensors.Length + 1, identities.Count);
    }

    [Fact]
    public void A_split_file_is_the_same_model_and_every_part_counts()
    {
        string whole = Identity(Tiny()).ToString();
        for (int changed = -1; changed < 3; changed++)
        {
            string first = WriteParts(Tiny(), changed);
            Assert.Equal(changed < 0, Identity(first).ToString() == whole);
        }
    }

    [Fact]
    public void A_Hugging_Face_folder_has_one_by_its_tensors_and_its_configuration()
    {
        ModelIdentity original = Identity(new HuggingFaceWriter());
        var reversed = new HuggingFaceWriter();
        reversed.Tensors.Reverse();
        Assert.Equal(original, Identity(reversed));
        Assert.Equal(original, Identity(new HuggingFaceWriter().Set("torch_dtype", "float32")));
        HuggingFaceWriter[] changed =
        [
            new HuggingFaceWriter().Set("rms_norm_eps", 1e-6), new HuggingFaceWriter().Set("rope_theta", 20_000.0),
            new HuggingFaceWriter().Set("tie_word_embeddings", true), Mistral(), Mistral().Set("sliding_window", 16),
        ];
        Assert.Equal(changed.Length + 1, changed.Select(Identity).Append(original).Distinct().Count());

        static HuggingFaceWriter Mistral() =>
            new HuggingFaceWriter().Set("model_type", "mistral").Set("architectures", new JsonArray("MistralForCausalLM"));
    }

    [Fact]
    public void Every_member_of_the_configuration_counts()
    {
        LlamaConfiguration model = SyntheticShapes.Find("smollm2-135m");
        RopeConfiguration rope = model.Rope;
        LlamaConfiguration[] changed =
        [
            model with { VocabularySize = 1 }, model with { HiddenSize = 1 }, model with { IntermediateSize = 1 }, model with { LayerCount = 1 },
            model with { HeadCount = 1 }, model with { KeyValueHeadCount = 1 }, model with { HeadSize = 1 }, model with { RmsNormEpsilon = 1 },
            model with { ContextLength = 1 }, model with { SlidingWindow = 0 }, model with { TiedEmbeddings = false }, model with { Architecture = "mistral" },
        ];
        RopeConfiguration[] changedRope =
        [
            rope with { Base = 1 }, rope with { Dimension = 1 }, rope with { Layout = RopeLayout.HalfSplit }, rope with { Scaling = RopeScaling.Yarn },
            rope with { Factor = 2 }, rope with { OriginalContextLength = 1 }, rope with { LowFrequencyFactor = 2 }, rope with { HighFrequencyFactor = 2 },
            rope with { BetaFast = 2 }, rope with { BetaSlow = 2 }, rope with { AttentionFactor = 0 }, rope with { Mscale = 0 },
            rope with { MscaleAllDimensions = 0 }, rope with { Truncate = false }, rope with { FrequencyDivisors = [1] },
        ];
        // Members that are added later must be added to the identity as well.
        Assert.Equal(typeof(LlamaConfiguration).GetProperties().Length, changed.Length + 1);
        Assert.Equal(typeof(RopeConfiguration).GetProperties().Length, changedRope.Length);
        ModelIdentity[] identities = [.. changed.Concat(changedRope.Select(r => model with { Rope = r })).Append(model).Select(Describe)];
        Assert.Equal(identities.Length, identities.Distinct().Count());

        static ModelIdentity Describe(LlamaConfiguration configuration)
        {
            var writer = new ModelIdentityWriter();
            writer.Write(configuration);
            return writer.ToIdentity();
        }
    }

    [Fact]
    public void Type_shape_and_name_of_a_tensor_count()
    {
        GgufWriter.Tensor tensor = new("extra.weight", 0, [4, 2], new byte[32]);
        GgufWriter.Tensor[] others =
        [
            tensor with { Name = "other.weight" }, tensor with { Sizes = [2, 4] }, tensor with { Sizes = [8] }, tensor with { Type = 1, Sizes = [8, 2] },
        ];
        ModelIdentity[] identities = [.. others.Append(tensor).Select(extra =>
        {
            GgufWriter writer = Tiny();
            writer.Tensors.Add(extra);
            return Identity(writer);
        })];
        Assert.Equal(identities.Length, identities.Distinct().Count());
    }

    [Fact]
    public void Synthetic_models_have_that_of_their_description()
    {
        // 70 billion weights, none of which is made.
        using SyntheticModel one = SyntheticModel.Parse("llama-3.1-70b:Q4_0"), same = SyntheticModel.Parse("llama-3.1-70b:q4_0");
        using SyntheticModel type = SyntheticModel.Parse("llama-3.1-70b:Q4_1"), shape = SyntheticModel.Parse("llama-3.1-8b:Q4_0");
        Assert.Equal(one.ComputeIdentity(TestContext.Current.CancellationToken), same.ComputeIdentity(TestContext.Current.CancellationToken));
        Assert.NotEqual(one.ComputeIdentity(TestContext.Current.CancellationToken), type.ComputeIdentity(TestContext.Current.CancellationToken));
        Assert.NotEqual(one.ComputeIdentity(TestContext.Current.CancellationToken), shape.ComputeIdentity(TestContext.Current.CancellationToken));
    }

    [Fact]
    public void It_can_be_cancelled()
    {
        using ModelFile file = ModelFile.Open(_folder.Write("any.gguf", Tiny().ToArray()));
        using SyntheticModel synthetic = SyntheticModel.Parse("smollm2-135m:F16");
        Assert.ThrowsAny<OperationCanceledException>(() => file.ComputeIdentity(new CancellationToken(canceled: true)));
        Assert.ThrowsAny<OperationCanceledException>(() => synthetic.ComputeIdentity(new CancellationToken(canceled: true)));
    }

    [Fact]
    public void Its_text_reads_back_and_other_texts_do_not()
    {
        byte[] bytes = [.. Enumerable.Range(0x70, 32).Select(i => (byte)(i * 5))];
        ModelIdentity identity = new(bytes);
        Assert.Equal("sha256:" + Convert.ToHexStringLower(bytes), identity.ToString());
        Assert.True(ModelIdentity.TryParse(identity.ToString(), out ModelIdentity read));
        Assert.Equal(identity, read);
        byte[] copied = new byte[ModelIdentity.Size];
        read.CopyTo(copied);
        Assert.Equal(bytes, copied);
        string good = identity.ToString();
        foreach (string bad in new[] { "", "sha256:", good[..^1], good + "0", good.Replace("sha256", "sha512"), good[..^1] + "g", good[7..] })
            Assert.False(ModelIdentity.TryParse(bad, out _), bad);
        Assert.Throws<ArgumentException>(() => new ModelIdentity(new byte[31]));
    }

    private static GgufWriter Tiny() => GgufWriter.TinyLlama();

    private static ModelIdentity Identity(string path)
    {
        using ModelFile file = ModelFile.Open(path);
        return file.ComputeIdentity(TestContext.Current.CancellationToken);
    }

    private ModelIdentity Identity(GgufWriter writer) => Identity(_folder.Write($"{Guid.NewGuid()}.gguf", writer.ToArray()));

    private static ModelIdentity Identity(HuggingFaceWriter writer)
    {
        using TempFolder folder = new();
        return Identity(writer.WriteTo(folder));
    }

    /// <summary>Writes three parts, in one of which a bit is changed; returns the first.</summary>
    private string WriteParts(GgufWriter whole, int changed)
    {
        var paths = new string[3];
        for (int i = 0; i < paths.Length; i++)
        {
            var part = new GgufWriter();
            if (i == 0)
                part.Values.AddRange(whole.Values);
            part.Set("split.no", (ushort)i).Set("split.count", (ushort)3).Set("split.tensors.count", 12);
            part.Tensors.AddRange(whole.Tensors.Skip(4 * i).Take(4));
            if (i == changed)
                part.Tensors[^1].Data[^4] ^= 1;
            paths[i] = _folder.Write($"split-0000{i + 1}-of-00003.gguf", part.ToArray());
        }
        return paths[0];
    }

    /// <summary>The definition in the remarks of <see cref="ModelIdentityHash"/>, once more and one thing after the other.</summary>
    private static string Recompute(LlamaConfiguration model, GgufWriter file)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        Text("LlamaEngine model 1");
        Text("llama");
        foreach (long size in (long[])[5, 8, 12, 1, 2, 1, 4, BitConverter.SingleToInt32Bits(1e-5f), 64, 0, 0])
            writer.Write(size);
        RopeConfiguration rope = model.Rope;
        foreach (long value in (long[])[Bits(rope.Base), 4, (long)RopeLayout.Interleaved, (long)RopeScaling.None, Bits(1), rope.OriginalContextLength])
            writer.Write(value);
        foreach (long value in (long[])[Bits(rope.LowFrequencyFactor), Bits(rope.HighFrequencyFactor), Bits(32), Bits(1), 0, 0, 0, 1, 0])
            writer.Write(value);
        writer.Write((long)file.Tensors.Count);
        foreach (GgufWriter.Tensor tensor in file.Tensors.OrderBy(tensor => tensor.Name, StringComparer.Ordinal))
        {
            Text(tensor.Name);
            writer.Write((long)tensor.Type);
            writer.Write((long)tensor.Sizes.Length);
            foreach (ulong size in tensor.Sizes.Reverse())
                writer.Write((long)size);
            foreach (byte[] piece in tensor.Data.Chunk(4 * 1024 * 1024))
                writer.Write(SHA256.HashData(piece));
        }
        return "sha256:" + Convert.ToHexStringLower(SHA256.HashData(stream.ToArray()));

        void Text(string text)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            writer.Write((long)bytes.Length);
            writer.Write(bytes);
        }

        static long Bits(float value) => BitConverter.SingleToInt32Bits(value);
    }
}
