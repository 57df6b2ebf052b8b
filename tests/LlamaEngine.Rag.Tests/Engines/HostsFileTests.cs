using RagChatbot.Engines;

namespace LlamaEngine.Rag.Tests.Engines;

public sealed class HostsFileTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();
    private readonly List<string> _log = [];
    private int _changes;

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Urls_and_objects_are_read_and_the_rest_is_logged()
    {
        string[] hosts = Parse("""
            # servers
            http://a:8000
            https://b/v1/   # the big one
              http://c:1/openai/v1

            {"url": "http://d:2", "pid": 7, "models": ["m"], "started": "2030-01-01T00:00:00Z"}
            {
              "url": "http://e:3",
              "pid": 8,
              "models": [
                "m", "{}"
              ],
              "limits": {
                "x": 1
              }
            }
            http://a:8000/v1
            a:8000
            ftp://f
            {"pid": 9}
            {"url": 5}
            http://g?x=1
            http://
            {"url": "http://h:4"
            """);
        Assert.Equal(["http://a:8000/v1", "https://b/v1", "http://c:1/openai/v1", "http://d:2/v1", "http://e:3/v1"], hosts);
        Assert.Equal(["18", "19", "20", "21", "22", "23", "24"], _log.Select(line => line.Split(' ')[1]));
    }

    [Theory]
    [InlineData("{\n  \"url\": \"http://a:1\",\n  \"pi", "http://b:2")]
    [InlineData("{\"url\": \"http://a:1", "{\"url\": \"http://b:2\"}")]
    [InlineData("{", "http://b:2")]
    public void A_part_of_an_object_does_not_hide_what_follows(string part, string next)
    {
        Assert.Equal(["http://b:2/v1"], Parse($"{part}\n{next}\n"));
        Assert.NotEmpty(_log);
    }

    [Theory]
    [InlineData("")]
    [InlineData("# nothing\n\n")]
    [InlineData("nonsense")]
    public void A_file_without_servers_is_an_error_at_the_start(string text)
    {
        Write(text);
        Assert.Contains(_path, Assert.Throws<HostsFileException>(() => new HostsFile(_path, _log.Add)).Message);
    }

    [Fact]
    public void A_missing_file_is_an_error_at_the_start() =>
        Assert.Contains("nowhere", Assert.Throws<HostsFileException>(() => new HostsFile("/nowhere/hosts", _log.Add)).Message);

    [Fact]
    public void The_file_is_read_again_when_it_changes_and_its_last_servers_stay_while_it_is_gone()
    {
        Write("http://a:1");
        HostsFile file = new(_path, _log.Add);
        Assert.Equal("http://a:1/v1", Joined(file));
        Write("http://b:2\nhttp://c:3");
        Assert.Equal("http://b:2/v1 http://c:3/v1", Joined(file));
        Assert.Empty(_log);

        Write("");
        Assert.Equal("http://b:2/v1 http://c:3/v1", Joined(file));
        Assert.Single(_log);
        File.Delete(_path);
        Assert.Equal("http://b:2/v1 http://c:3/v1", Joined(file));
        Assert.Equal("http://b:2/v1 http://c:3/v1", Joined(file));
        Assert.Equal(2, _log.Count);

        Write("http://d:4\nwrong");
        Assert.Equal("http://d:4/v1", Joined(file));
        Assert.Contains("line 2", _log[^1]);
        int logged = _log.Count;
        Assert.Equal("http://d:4/v1", Joined(file));
        Assert.Equal(logged, _log.Count);
    }

    private static string Joined(HostsFile file) => string.Join(' ', file.Hosts);

    private string[] Parse(string text) => [.. HostsFile.Parse(text, _log.Add).Select(host => host.ToString())];

    /// <summary>Writes the file with a date of its own: two writes may fall into one tick of the file system's clock.</summary>
    private void Write(string text)
    {
        File.WriteAllText(_path, text);
        File.SetLastWriteTimeUtc(_path, new DateTime(2030, 1, 1, 0, 0, _changes++, DateTimeKind.Utc));
    }
}
