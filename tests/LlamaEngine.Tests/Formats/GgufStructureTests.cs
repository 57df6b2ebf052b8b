using LlamaEngine.Formats;
using LlamaEngine.Formats.Gguf;

namespace LlamaEngine.Tests.Formats;

/// <summary>The structure of a GGUF file: everything is checked before it is used, and damage is located.</summary>
public sealed class GgufStructureTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Reads_versions_2_and_3(uint version)
    {
        GgufWriter writer = GgufWriter.TinyLlama();
        writer.Version = version;
        using ModelFile file = Open(writer);
        Assert.Equal(12, file.Tensors.Length);
    }

    [Fact]
    public unsafe void Tensor_data_is_where_the_file_has_it()
    {
        using ModelFile file = Open(GgufWriter.TinyLlama());
        Assert.True(file.TryGetTensor("blk.0.ffn_down.weight", out TensorData tensor));
        Assert.Equal((8, 12, 48L), (tensor.Rows, tensor.Columns, tensor.RowBytes));
        var values = new ReadOnlySpan<float>(tensor.Data, 96);
        for (int i = 0; i < values.Length; i++)
            Assert.Equal(1f + i, values[i]);
        Assert.False(file.TryGetTensor("blk.1.ffn_down.weight", out _));
    }

    [Theory]
    [InlineData(0u, "version 0")]
    [InlineData(1u, "version 1")]
    [InlineData(4u, "version 4")]
    [InlineData(0x03000000u, "big-endian")]
    [InlineData(0x02000000u, "big-endian")]
    public void Refuses_other_versions_by_name(uint version, string name)
    {
        GgufWriter writer = GgufWriter.TinyLlama();
        writer.Version = version;
        var error = Assert.Throws<UnsupportedModelException>(() => Open(writer));
        Assert.Contains(name, error.Found, StringComparison.Ordinal);
    }

    [Fact]
    public void Refuses_another_magic()
    {
        byte[] bytes = GgufWriter.TinyLlama().ToArray();
        bytes[3] = (byte)'X';
        Assert.Equal(0, Refuse(bytes).Offset);
    }

    /// <summary>Every prefix of a file is damaged: the shortest and the longest of them alike.</summary>
    [Fact]
    public void Refuses_every_truncation()
    {
        byte[] bytes = GgufWriter.TinyLlama().ToArray();
        // The last tensor fills whole alignment units, so no byte at the end is mere padding.
        for (int length = 0; length < bytes.Length; length++)
        {
            ModelFormatException error = Refuse(bytes.AsSpan(0, length));
            Assert.NotNull(error.Offset);
            Assert.InRange(error.Offset.Value, 0, bytes.Length);
        }
    }

    [Fact]
    public void Refuses_bytes_behind_the_last_tensor()
    {
        byte[] bytes = GgufWriter.TinyLlama().ToArray();
        ModelFormatException error = Refuse([.. bytes, 0]);
        Assert.Equal(bytes.Length, error.Offset);
    }

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(1UL << 62)]
    [InlineData(int.MaxValue)]
    [InlineData(100_000UL)]
    public void Refuses_counts_the_file_cannot_hold(ulong count)
    {
        GgufWriter tensors = GgufWriter.TinyLlama(), values = GgufWriter.TinyLlama();
        tensors.TensorCount = count;
        values.ValueCount = count;
        Assert.Equal(8, Refuse(tensors.ToArray()).Offset);
        Assert.Equal(16, Refuse(values.ToArray()).Offset);
    }

    [Theory]
    [InlineData(8u)]
    [InlineData(9u)]
    public void Huge_lengths_allocate_nothing(uint type)
    {
        byte[] length = BitConverter.GetBytes((ulong)int.MaxValue);
        byte[] payload = type == 8 ? length : [.. BitConverter.GetBytes(8u), .. length];
        byte[] bytes = GgufWriter.TinyLlama().Set("zzz", new GgufWriter.Raw(type, payload)).ToArray();
        string path = _folder.Write("huge.gguf", bytes);
        Assert.Throws<ModelFormatException>(() => ModelFile.Open(path));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<ModelFormatException>(() => ModelFile.Open(path));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 200_000);
    }

    [Fact]
    public void Reads_every_type_of_value()
    {
        object[] values =
        [
            (byte)200, (sbyte)-3, (ushort)60000, (short)-30000, 4_000_000_000u, -5, 1.5f, true, "Grüße", ulong.MaxValue, long.MinValue,
            2.5, new[] { "a", "", "ü" }, new[] { 1, -2 }, new[] { 3u }, new[] { 1.5f, -2f }, new[] { true, false, true },
            new byte[] { 1, 2 }, new sbyte[] { -1 }, new ushort[] { 7 }, new short[] { -7 }, new[] { 1UL }, new[] { -1L }, new[] { 0.25 },
        ];
        GgufWriter writer = GgufWriter.TinyLlama();
        for (int i = 0; i < values.Length; i++)
            writer.Set($"test.{i}", values[i]);
        Array[] nested = [(string[])["x"], (int[])[1, 2]];
        writer.Set("test.nested", nested);
        using MappedFile file = MappedFile.Open(_folder.Write("values.gguf", writer.ToArray()));
        GgufMetadata metadata = GgufHeader.Read(file).Metadata;
        for (int i = 0; i < values.Length; i++)
        {
            Assert.IsType(values[i].GetType(), metadata.Values[$"test.{i}"]);
            Assert.Equal(values[i], metadata.Values[$"test.{i}"]);
        }
        Assert.Equal(nested, (Array[])metadata.Values["test.nested"]);
    }

    [Fact]
    public void Nested_arrays_are_read_to_a_depth_of_four()
    {
        byte[] innermost = [.. BitConverter.GetBytes(4u), .. BitConverter.GetBytes(1UL), .. BitConverter.GetBytes(77u)];
        byte[] Nest(int depth) => depth == 1
            ? innermost
            : [.. BitConverter.GetBytes(9u), .. BitConverter.GetBytes(1UL), .. Nest(depth - 1)];
        using (ModelFile file = Open(GgufWriter.TinyLlama().Set("deep", new GgufWriter.Raw(9, Nest(4)))))
            Assert.NotEmpty(file.Tensors);
        ModelFormatException error = Refuse(GgufWriter.TinyLlama().Set("deep", new GgufWriter.Raw(9, Nest(5))).ToArray());
        Assert.Contains("deep", error.Message, StringComparison.Ordinal);
        Refuse(GgufWriter.TinyLlama().Set("deep", new GgufWriter.Raw(9, Nest(2000))).ToArray());
    }

    [Fact]
    public void Refuses_unknown_value_types_and_bad_booleans()
    {
        Refuse(GgufWriter.TinyLlama().Set("x", new GgufWriter.Raw(13, [0])).ToArray());
        Refuse(GgufWriter.TinyLlama().Set("x", new GgufWriter.Raw(uint.MaxValue, [0])).ToArray());
        Refuse(GgufWriter.TinyLlama().Set("x", new GgufWriter.Raw(7, [2])).ToArray());
        Refuse(GgufWriter.TinyLlama().Set("x", new GgufWriter.Raw(9, [13, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1])).ToArray());
        Refuse(GgufWriter.TinyLlama().Set("x", new GgufWriter.Raw(9, [7, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9])).ToArray());
    }

    [Fact]
    public void Refuses_invalid_utf8_where_it_stands()
    {
        GgufWriter writer = GgufWriter.TinyLlama().Set("x", new GgufWriter.Raw(8, [3, 0, 0, 0, 0, 0, 0, 0, (byte)'a', 0xC3, (byte)'b']));
        byte[] bytes = writer.ToArray();
        Assert.Equal(writer.Positions["x"] + 8 + 1 + 4 + 8 + 1, Refuse(bytes).Offset);
    }

    [Fact]
    public void Refuses_a_key_that_occurs_twice()
    {
        GgufWriter writer = GgufWriter.TinyLlama();
        writer.Values.Add(("llama.block_count", 1u));
        byte[] bytes = writer.ToArray();
        Assert.Equal(writer.Positions["llama.block_count"], Refuse(bytes).Offset);
    }

    [Fact]
    public void Refuses_a_tensor_that_occurs_twice()
    {
        GgufWriter writer = GgufWriter.TinyLlama().AddFloats("output_norm.weight", 8);
        ModelFormatException error = Refuse(writer.ToArray());
        Assert.Contains("twice", error.Message, StringComparison.Ordinal);
        Assert.Equal(writer.Positions["output_norm.weight"], error.Offset);
    }

    [Theory]
    [InlineData("")]
    [InlineData("nul\0inside")]
    public void Refuses_names_that_are_empty_or_contain_nul(string name)
    {
        Refuse(GgufWriter.TinyLlama().Set(name, 1u).ToArray());
        Refuse(GgufWriter.TinyLlama().AddFloats(name, 8).ToArray());
    }

    [Fact]
    public void Tensor_names_have_at_most_63_bytes()
    {
        using (ModelFile file = Open(GgufWriter.TinyLlama().AddFloats(new string('n', 63), 8)))
            Assert.Equal(13, file.Tensors.Length);
        Refuse(GgufWriter.TinyLlama().AddFloats(new string('n', 64), 8).ToArray());
    }

    [Theory]
    [InlineData(new ulong[0])]
    [InlineData(new ulong[] { 8, 0 })]
    [InlineData(new ulong[] { 1, 1, 1, 1, 8 })]
    [InlineData(new ulong[] { ulong.MaxValue, 2 })]
    [InlineData(new ulong[] { 1UL << 32, 1UL << 32 })]
    [InlineData(new ulong[] { 1UL << 62, 4 })]
    [InlineData(new ulong[] { 8, 6 })]
    [InlineData(new ulong[] { 8, 1UL << 40 })]
    public void Refuses_shapes_that_do_not_fit_the_file(ulong[] sizes)
    {
        byte[] bytes = GgufWriter.TinyLlama().Change("output.weight", t => t with { Sizes = sizes }).ToArray();
        Refuse(bytes);
    }

    [Theory]
    [InlineData(16u, "IQ2_XXS")]
    [InlineData(9u, "Q8_1")]
    [InlineData(15u, "Q8_K")]
    [InlineData(28u, "F64")]
    [InlineData(35u, "TQ2_0")]
    [InlineData(39u, "MXFP4")]
    public void Refuses_tensor_types_by_name(uint type, string name)
    {
        byte[] bytes = GgufWriter.TinyLlama().Change("output.weight", t => t with { Type = type }).ToArray();
        string path = _folder.Write("type.gguf", bytes);
        var error = Assert.Throws<UnsupportedModelException>(() => ModelFile.Open(path));
        Assert.Contains(name, error.Found, StringComparison.Ordinal);
        Assert.Contains("output.weight", error.Found, StringComparison.Ordinal);
        Assert.Contains("Q4_K", error.Supported, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(41u)]
    [InlineData(1000u)]
    [InlineData(uint.MaxValue)]
    public void Refuses_types_that_do_not_exist(uint type)
    {
        GgufWriter writer = GgufWriter.TinyLlama().Change("output.weight", t => t with { Type = type });
        byte[] bytes = writer.ToArray();
        Assert.Equal(writer.Positions["output.weight"] + 8 + "output.weight".Length + 4 + 16, Refuse(bytes).Offset);
    }

    [Fact]
    public void Refuses_rows_that_are_no_whole_blocks()
    {
        byte[] bytes = GgufWriter.TinyLlama().Change("output.weight", t => t with { Type = 8 }).ToArray();
        Assert.Contains("Q8_0", Refuse(bytes).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1UL)]
    [InlineData(16UL)]
    [InlineData(1UL << 40)]
    [InlineData(ulong.MaxValue - 31)]
    [InlineData(1UL << 63)]
    public void Refuses_offsets_that_are_misaligned_or_outside(ulong offset)
    {
        byte[] bytes = GgufWriter.TinyLlama().Change("output.weight", t => t with { Offset = offset }).ToArray();
        Refuse(bytes);
    }

    [Fact]
    public void Refuses_tensors_that_overlap()
    {
        byte[] bytes = GgufWriter.TinyLlama().Change("output.weight", t => t with { Offset = 32 }).ToArray();
        Assert.Contains("overlaps", Refuse(bytes).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(256)]
    public void Honours_the_alignment_the_file_states(int alignment)
    {
        GgufWriter writer = GgufWriter.TinyLlama().Set("general.alignment", (uint)alignment);
        writer.Alignment = alignment;
        using ModelFile file = Open(writer);
        Assert.All(file.Tensors, tensor => Assert.Equal(0, tensor.Offset % alignment));
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(3u)]
    [InlineData(48u)]
    public void Refuses_alignments_that_are_no_power_of_two(uint alignment) =>
        Refuse(GgufWriter.TinyLlama().Set("general.alignment", alignment).ToArray());

    [Fact]
    public void A_huge_alignment_is_refused_without_overflow()
    {
        Refuse(GgufWriter.TinyLlama().Set("general.alignment", 1u << 31).ToArray());
        Refuse(GgufWriter.TinyLlama().Set("general.alignment", 1UL << 63).ToArray());
    }

    [Fact]
    public void Names_are_shown_short_and_without_control_characters()
    {
        string key = "\u001b[31m" + new string('k', 60000);
        ModelFormatException error = Refuse(GgufWriter.TinyLlama().Set(key, new GgufWriter.Raw(13, [0])).ToArray());
        Assert.Contains("\uFFFD[31mkkkk", error.Message, StringComparison.Ordinal);
        Assert.InRange(error.Message.Length, 0, 400);
    }

    [Fact]
    public void Wrongly_typed_keys_are_named_and_located()
    {
        GgufWriter writer = GgufWriter.TinyLlama().Set("llama.block_count", "one");
        ModelFormatException error = Refuse(writer.ToArray());
        Assert.Contains("llama.block_count", error.Message, StringComparison.Ordinal);
        Assert.Equal(writer.Positions["llama.block_count"], error.Offset);
        Refuse(GgufWriter.TinyLlama().Set("general.architecture", 1u).ToArray());
        Refuse(GgufWriter.TinyLlama().Set("tokenizer.chat_template", 1u).ToArray());
        uint[] numbers = [1];
        Refuse(GgufWriter.TinyLlama().Set("tokenizer.ggml.tokens", numbers).ToArray());
    }

    private ModelFile Open(GgufWriter writer) => ModelFile.Open(_folder.Write("model.gguf", writer.ToArray()));

    private ModelFormatException Refuse(ReadOnlySpan<byte> bytes)
    {
        string path = _folder.Write("damaged.gguf", bytes);
        var error = Assert.Throws<ModelFormatException>(() => ModelFile.Open(path));
        Assert.Contains("damaged.gguf", error.File, StringComparison.Ordinal);
        return error;
    }
}
