namespace LlamaEngine.Cli.Tests;

public sealed class AtomicFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task A_finished_file_takes_the_place_of_the_old_one()
    {
        string path = _folder.Write("out", "old");
        await AtomicFile.WriteAsync(path, async file => await file.WriteAsync("new"u8.ToArray()));
        Assert.Equal("new", await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
        Assert.Equal(["out"], _folder.Names);
    }

    [Fact]
    public async Task A_failed_write_leaves_the_old_file_and_nothing_else()
    {
        string path = _folder.Write("out", "old");
        await Assert.ThrowsAsync<OperationCanceledException>(() => AtomicFile.WriteAsync(path, async file =>
        {
            await file.WriteAsync("half"u8.ToArray());
            throw new OperationCanceledException();
        }));
        Assert.Equal("old", await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
        Assert.Equal(["out"], _folder.Names);
    }

    public void Dispose() => _folder.Dispose();
}
