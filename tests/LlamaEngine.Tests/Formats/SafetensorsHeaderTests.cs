using LlamaEngine.Formats;
using LlamaEngine.Formats.Safetensors;

namespace LlamaEngine.Tests.Formats;

/// <summary>The header of a safetensors file: strict as the format is.</summary>
public sealed class SafetensorsHeaderTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Reads_entries_in_the_order_of_their_data()
    {
        byte[] bytes = Write("""{"b":{"dtype":"F16","shape":[2,3],"data_offsets":[4,16]},"a":{"shape":[],"data_offsets":[0,4],"dtype":"F32"}}""", 16);
        using MappedFile file = MappedFile.Open(_folder.Write("x.safetensors", bytes));
        IReadOnlyList<SafetensorsEntry> entries = SafetensorsHeader.Read(file);
        Assert.Equal(["a", "b"], entries.Select(entry => entry.Name));
        Assert.Equal(("F16", 12L, bytes.Length - 12L), (entries[1].DataType, entries[1].Length, entries[1].Offset));
        Assert.Equal([2L, 3L], entries[1].Shape);
        Assert.Empty(entries[0].Shape);
    }

    [Fact]
    public void Padding_and_metadata_are_tolerated()
    {
        Assert.Empty(Read("""{"__metadata__":{"format":"pt"}}     """, 0));
        Assert.Single(Read("""{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}""", 0));
        Assert.Single(Read("""{"a":{"dtype":"FUTURE","shape":[3],"data_offsets":[0,1]}}""", 1));
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("{", 0)]
    [InlineData("[]", 0)]
    [InlineData("null", 0)]
    [InlineData("""{"a":null}""", 0)]
    [InlineData("""{"a":{}}""", 0)]
    [InlineData("""{"a":{"dtype":1,"shape":[1],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"a":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}""", 4)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", 4)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}""", 4)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,99999999999999999999]}}""", 4)]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}""", 0)]
    [InlineData("""{"a":{"dtype":"F32","shape":[9223372036854775807,9223372036854775807,9223372036854775807],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}""", 12)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 8)]
    [InlineData("""{"a\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"a":{"dtype":"\ud800","shape":[1],"data_offsets":[0,4]}}""", 4)]
    public void Refuses_damage(string header, int dataBytes)
    {
        var error = Assert.Throws<ModelFormatException>(() => Read(header, dataBytes));
        Assert.Contains("x.safetensors", error.File, StringComparison.Ordinal);
        Assert.NotNull(error.Offset);
    }

    [Theory]
    [InlineData(0x7FFFFFFFFFFFFFFFL)]
    [InlineData(-1L)]
    [InlineData(100_000_001L)]
    [InlineData(3L)]
    public void Refuses_header_lengths_the_file_cannot_hold(long length)
    {
        byte[] bytes = [.. BitConverter.GetBytes(length), .. "{}"u8];
        using MappedFile file = MappedFile.Open(_folder.Write("x.safetensors", bytes));
        Assert.Equal(0, Assert.Throws<ModelFormatException>(() => SafetensorsHeader.Read(file)).Offset);
    }

    [Fact]
    public void Depth_is_bounded()
    {
        string deep = string.Concat(Enumerable.Repeat("{\"a\":", 10000));
        Assert.Throws<ModelFormatException>(() => Read(deep, 0));
    }

    [Fact]
    public void Broken_json_is_located_in_the_file()
    {
        // Eight bytes of length, a line of two bytes and its end, then four good bytes.
        var error = Assert.Throws<ModelFormatException>(() => Read("{ \n\"a\":}", 0));
        Assert.Equal(8 + 3 + 4, error.Offset);
    }

    private IReadOnlyList<SafetensorsEntry> Read(string header, int dataBytes)
    {
        using MappedFile file = MappedFile.Open(_folder.Write("x.safetensors", Write(header, dataBytes)));
        return SafetensorsHeader.Read(file);
    }

    private static byte[] Write(string header, int dataBytes) => HuggingFaceWriter.Safetensors(header, new byte[dataBytes]);
}
