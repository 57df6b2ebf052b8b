using System.Collections.Immutable;
using LlamaEngine.Formats.Gguf;

namespace LlamaEngine.Tests.Quantization;

/// <summary>GGUF files byte by byte, and that nothing is left behind by a run that fails.</summary>
public sealed class GgufWriterTests : IDisposable
{
    private static readonly ImmutableArray<TensorInfo> s_tensors =
    [
        new("first", TensorType.F32, [3, 2], "", 0),
        new("second", TensorType.Q8_0, [32], "", 0),
    ];

    private readonly string _folder = Directory.CreateTempSubdirectory("gguf-writer-").FullName;

    private string Target => Path.Combine(_folder, "model.gguf");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_file_has_the_layout_of_the_specification()
    {
        using (GgufWriter writer = GgufWriter.Create(Target, [new("answer", 42u), new("name", "né")], s_tensors))
        {
            writer.Write(new byte[24]);
            writer.Write(Enumerable.Repeat((byte)7, 30).ToArray());
            writer.Write([9, 9, 9, 9]);
            writer.Complete();
        }
        using var reader = new BinaryReader(File.OpenRead(Target));
        Assert.Equal("GGUF"u8.ToArray(), reader.ReadBytes(4));
        Assert.Equal((3, 2L, 2L), (reader.ReadInt32(), reader.ReadInt64(), reader.ReadInt64()));
        Assert.Equal(("answer", 4, 42u), (ReadText(reader), reader.ReadInt32(), reader.ReadUInt32()));
        Assert.Equal(("name", 8, "né"), (ReadText(reader), reader.ReadInt32(), ReadText(reader)));
        Assert.Equal(("first", 2, 2L, 3L), (ReadText(reader), reader.ReadInt32(), reader.ReadInt64(), reader.ReadInt64()));
        Assert.Equal((0, 0L), (reader.ReadInt32(), reader.ReadInt64()));
        Assert.Equal(("second", 1, 32L), (ReadText(reader), reader.ReadInt32(), reader.ReadInt64()));
        Assert.Equal((8, 32L), (reader.ReadInt32(), reader.ReadInt64()));
        reader.BaseStream.Position = GgufWriter.Align(reader.BaseStream.Position);
        Assert.Equal(new byte[32], reader.ReadBytes(32));
        Assert.Equal([.. Enumerable.Repeat((byte)7, 30), 9, 9, 9, 9, .. new byte[30]], reader.ReadBytes(100));
    }

    [Fact]
    public void Every_type_of_metadata_has_its_number_and_bytes()
    {
        (object Value, byte[] Bytes)[] cases =
        [
            ((byte)200, [0, 0, 0, 0, 200]),
            ((sbyte)-2, [1, 0, 0, 0, 254]),
            ((ushort)513, [2, 0, 0, 0, 1, 2]),
            ((short)-2, [3, 0, 0, 0, 254, 255]),
            (0x04030201u, [4, 0, 0, 0, 1, 2, 3, 4]),
            (-2, [5, 0, 0, 0, 254, 255, 255, 255]),
            (1f, [6, 0, 0, 0, 0, 0, 0x80, 0x3F]),
            (true, [7, 0, 0, 0, 1]),
            (1UL, [10, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]),
            (-1L, [11, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255]),
            (1d, [12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F]),
            (new[] { true, false }, [9, 0, 0, 0, 7, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1, 0]),
            (new[] { "a", "" }, [9, 0, 0, 0, 8, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, (byte)'a', 0, 0, 0, 0, 0, 0, 0, 0]),
            (new short[] { 1, -1 }, [9, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 255, 255]),
            (Array.Empty<double>(), [9, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            (new Array[] { new byte[] { 5 } }, [9, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 5]),
        ];
        foreach ((object value, byte[] bytes) in cases)
        {
            using var stream = new MemoryStream();
            using (var writer = new BinaryWriter(stream))
                GgufWriterValues.Write(writer, "key", value);
            Assert.Equal(bytes, stream.ToArray());
        }
    }

    [Fact]
    public void What_GGUF_cannot_hold_is_refused_and_leaves_no_file()
    {
        Assert.Throws<ArgumentException>(() => GgufWriter.Create(Target, [new("k", 1m)], s_tensors));
        Assert.Throws<ArgumentException>(() => GgufWriter.Create(Target, [new("k", 1), new("k", 2)], s_tensors));
        Assert.Throws<ArgumentException>(() => GgufWriter.Create(Target, [], [s_tensors[0], s_tensors[0]]));
        Assert.Throws<ArgumentException>(() => GgufWriter.Create(Target, [], [new("odd", TensorType.Q4_0, [40], "", 0)]));
        Assert.Throws<ArgumentException>(() => GgufWriter.Create(Target, [], [new("scalar", TensorType.F32, [], "", 0)]));
        Assert.Throws<IOException>(() => GgufWriter.Create(_folder, [], s_tensors));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
    }

    [Fact]
    public void An_unfinished_file_disappears_and_the_old_one_stays()
    {
        File.WriteAllText(Target, "old");
        using (GgufWriter writer = GgufWriter.Create(Target, [], s_tensors))
        {
            writer.Write(new byte[24]);
            Assert.Equal(2, Directory.GetFiles(_folder).Length);
            Assert.Throws<InvalidOperationException>(writer.Complete);
            Assert.Throws<InvalidOperationException>(() => writer.Write(new byte[35]));
        }
        Assert.Equal([Target], Directory.GetFiles(_folder));
        Assert.Equal("old", File.ReadAllText(Target));
    }

    [Fact]
    public void A_finished_file_replaces_the_old_one()
    {
        File.WriteAllText(Target, "old");
        using (GgufWriter writer = GgufWriter.Create(Target, [], []))
            writer.Complete();
        Assert.Equal([Target], Directory.GetFiles(_folder));
        Assert.Equal(32, new FileInfo(Target).Length);
    }

    private static string ReadText(BinaryReader reader) =>
        System.Text.Encoding.UTF8.GetString(reader.ReadBytes((int)reader.ReadInt64()));
}
