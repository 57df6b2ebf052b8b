using LlamaEngine.Formats;

namespace LlamaEngine.Tests.Formats;

/// <summary>A GGUF model in several files.</summary>
public sealed class GgufSplitTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public unsafe void Any_part_opens_the_whole_model(int opened)
    {
        string[] paths = WriteParts();
        using ModelFile file = ModelFile.Open(paths[opened]);
        Assert.Equal(12, file.Tensors.Length);
        Assert.Equal(5, file.Configuration.VocabularySize);
        Assert.Equal(3, file.Tensors.Select(tensor => tensor.File).Distinct().Count());
        Assert.True(file.TryGetTensor("output.weight", out TensorData tensor));
        Assert.Equal(40f, ((float*)tensor.Data)[39]);
    }

    [Fact]
    public void A_missing_part_is_named()
    {
        string[] paths = WriteParts();
        File.Delete(paths[1]);
        var error = Assert.Throws<ModelFormatException>(() => ModelFile.Open(paths[0]));
        Assert.Contains("tiny-00002-of-00003.gguf", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_part_under_another_name_is_refused()
    {
        string[] paths = WriteParts();
        string renamed = Path.Combine(_folder.Path, "renamed.gguf");
        File.Move(paths[0], renamed);
        var error = Assert.Throws<ModelFormatException>(() => ModelFile.Open(renamed));
        Assert.Contains("-00001-of-00003.gguf", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_part_in_the_wrong_place_is_refused()
    {
        string[] paths = WriteParts();
        File.Copy(paths[2], paths[1], overwrite: true);
        Assert.Throws<ModelFormatException>(() => ModelFile.Open(paths[0]));
    }

    [Fact]
    public void Parts_must_hold_as_many_tensors_as_they_say() =>
        Assert.Throws<ModelFormatException>(() => ModelFile.Open(WriteParts(first => first.Set("split.tensors.count", 13))[0]));

    [Fact]
    public void Parts_must_not_share_a_tensor()
    {
        string path = WriteParts(first => first.AddFloats("output.weight", 8, 5).Set("split.tensors.count", 13))[0];
        Assert.Contains("twice", Assert.Throws<ModelFormatException>(() => ModelFile.Open(path)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("split.no", (ushort)3)]
    [InlineData("split.no", -1)]
    [InlineData("split.count", -1)]
    [InlineData("split.count", 70000)]
    [InlineData("split.count", (ushort)4)]
    [InlineData("split.count", "three")]
    public void Impossible_numbers_are_refused(string key, object value) =>
        Assert.Throws<ModelFormatException>(() => ModelFile.Open(WriteParts(first => first.Set(key, value))[0]));

    [Fact]
    public void A_split_of_one_is_a_whole_file()
    {
        GgufWriter writer = GgufWriter.TinyLlama().Set("split.no", (ushort)0).Set("split.count", (ushort)1);
        using ModelFile file = ModelFile.Open(_folder.Write("any.gguf", writer.ToArray()));
        Assert.Equal(12, file.Tensors.Length);
    }

    /// <summary>Three parts of four tensors each; the first holds the metadata.</summary>
    private string[] WriteParts(Action<GgufWriter>? change = null)
    {
        GgufWriter whole = GgufWriter.TinyLlama();
        var paths = new string[3];
        for (int i = 0; i < paths.Length; i++)
        {
            var part = new GgufWriter();
            if (i == 0)
                part.Values.AddRange(whole.Values);
            part.Set("split.no", (ushort)i).Set("split.count", (ushort)3).Set("split.tensors.count", 12);
            part.Tensors.AddRange(whole.Tensors.Skip(4 * i).Take(4));
            if (i == 0)
                change?.Invoke(part);
            paths[i] = _folder.Write($"tiny-0000{i + 1}-of-00003.gguf", part.ToArray());
        }
        return paths;
    }
}
