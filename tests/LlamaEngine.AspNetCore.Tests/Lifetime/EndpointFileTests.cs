using LlamaEngine.AspNetCore.Lifetime;

namespace LlamaEngine.AspNetCore.Tests.Lifetime;

/// <summary>The file that says where the server is.</summary>
public sealed class EndpointFileTests : IDisposable
{
    private static readonly EndpointFile s_file = new("http://127.0.0.1:5", 42, ["a", "ü \"b\""], new DateTimeOffset(2026, 11, 21, 12, 0, 0, TimeSpan.FromHours(1)));

    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    private string Target => Path.Combine(_folder, "endpoint.json");

    [Fact]
    public void It_is_written_whole_and_replaces_an_older_one()
    {
        File.WriteAllText(Target, "old");
        s_file.Write(Target);
        using var json = System.Text.Json.JsonDocument.Parse(File.ReadAllBytes(Target));
        Assert.Equal("http://127.0.0.1:5", json.RootElement.GetProperty("url").GetString());
        Assert.Equal(42, json.RootElement.GetProperty("pid").GetInt32());
        Assert.Equal(["a", "ü \"b\""], json.RootElement.GetProperty("models").EnumerateArray().Select(model => model.GetString()));
        Assert.Equal("2026-11-21T11:00:00Z", json.RootElement.GetProperty("started").GetString());
        Assert.Equal([Target], Directory.GetFiles(_folder));
    }

    [Fact]
    public void Only_the_server_that_wrote_it_removes_it()
    {
        s_file.Write(Target);
        (s_file with { ProcessId = 43 }).Remove(Target);
        (s_file with { Url = "http://127.0.0.1:6" }).Remove(Target);
        Assert.True(File.Exists(Target));
        s_file.Remove(Target);
        Assert.False(File.Exists(Target));
        s_file.Remove(Target);
        File.WriteAllText(Target, "[]");
        s_file.Remove(Target);
        Assert.True(File.Exists(Target));
    }

    [Fact]
    public void A_folder_that_is_not_there_is_an_error_and_leaves_nothing()
    {
        Assert.ThrowsAny<IOException>(() => s_file.Write(Path.Combine(_folder, "none", "endpoint.json")));
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
