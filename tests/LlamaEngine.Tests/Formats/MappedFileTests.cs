using System.Diagnostics;
using LlamaEngine.Formats;

namespace LlamaEngine.Tests.Formats;

/// <summary>The bounds of a mapped file, and files that are none.</summary>
public sealed unsafe class MappedFileTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(4095)]
    [InlineData(4096)]
    [InlineData(4097)]
    public void Views_end_with_the_file_not_with_the_page(int length)
    {
        byte[] bytes = [.. Enumerable.Range(0, length).Select(i => (byte)(i * 7))];
        using MappedFile file = MappedFile.Open(_folder.Write("f", bytes));
        Assert.Equal(length, file.Length);
        Assert.True(file.Span(0, length).SequenceEqual(bytes));
        Assert.Equal(bytes[^1], *file.At(length - 1, 1));
        Assert.Equal(0, file.Span(length, 0).Length);
        Assert.Equal(length, Assert.Throws<ModelFormatException>(() => file.Span(length, 1).ToArray()).Offset);
        Assert.Throws<ModelFormatException>(() => (nint)file.At(length - 1, 2));
        Assert.Throws<ModelFormatException>(() => (nint)file.At(0, long.MaxValue));
        Assert.Throws<ModelFormatException>(() => (nint)file.At(long.MaxValue, 1));
        Assert.Throws<ModelFormatException>(() => (nint)file.At(-1, 1));
        Assert.Throws<ModelFormatException>(() => (nint)file.At(0, -1));
    }

    [Fact]
    public void Disposing_twice_is_harmless_and_using_it_then_is_not_silent()
    {
        MappedFile file = MappedFile.Open(_folder.Write("f", [1, 2, 3]));
        file.Dispose();
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => (nint)file.At(0, 1));
        File.Delete(file.Path);
    }

    [Fact]
    public void Empty_files_folders_and_missing_files_are_refused()
    {
        Assert.Equal(0, Assert.Throws<ModelFormatException>(() => MappedFile.Open(_folder.Write("empty", []))).Offset);
        Assert.Throws<ModelFormatException>(() => MappedFile.Open(_folder.Path));
        Assert.Throws<FileNotFoundException>(() => MappedFile.Open(Path.Combine(_folder.Path, "missing")));
    }

    [Fact]
    public void Changes_of_length_are_noticed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows does not let others write to the open file at all");
        string path = _folder.Write("f", new byte[100]);
        using MappedFile file = MappedFile.Open(path);
        file.EnsureUnchanged();
        using (var other = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            other.SetLength(50);
        Assert.Equal(50, Assert.Throws<ModelFormatException>(file.EnsureUnchanged).Offset);
    }

    [Fact]
    public void Links_are_followed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need a privilege on Windows");
        _folder.Write("target", [1, 2, 3]);
        string link = Path.Combine(_folder.Path, "link"), loop = Path.Combine(_folder.Path, "loop");
        File.CreateSymbolicLink(link, "target");
        File.CreateSymbolicLink(loop, "loop");
        using MappedFile file = MappedFile.Open(link);
        Assert.Equal(3, file.Length);
        Assert.ThrowsAny<IOException>(() => MappedFile.Open(loop));
    }

    [Fact]
    public void Pipes_and_devices_are_refused_without_waiting()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs mkfifo and /dev");
        string pipe = Path.Combine(_folder.Path, "pipe");
        using (Process make = Process.Start("mkfifo", pipe))
            make.WaitForExit();
        Assert.Throws<ModelFormatException>(() => MappedFile.Open(pipe));
        Assert.Throws<ModelFormatException>(() => MappedFile.Open("/dev/zero"));
        Assert.Throws<ModelFormatException>(() => BoundedFile.ReadAllBytes(pipe, 100));
    }

    [Fact]
    public void Small_files_have_a_largest_size()
    {
        string path = _folder.Write("f", [1, 2, 3]);
        Assert.Equal([1, 2, 3], BoundedFile.ReadAllBytes(path, 3));
        Assert.Equal(2, Assert.Throws<ModelFormatException>(() => BoundedFile.ReadAllBytes(path, 2)).Offset);
    }
}
