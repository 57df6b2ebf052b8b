using System.Text;
using System.Text.Json;

namespace RagChatbot.Engines;

/// <summary>The file that names the servers cannot be read, or names none.</summary>
internal sealed class HostsFileException(string message, Exception? innerException = null) : IOException(message, innerException);

/// <summary>A file that names servers: a URL a line, or JSON objects with a "url", such as <c>llama-engine serve --endpoint-file</c> writes.</summary>
/// <remarks>
/// '#' begins a comment. What is neither is logged and passed over: files of many servers are seen half-written at times. The file is looked at for each
/// request and read again if its date or length has changed; while it is gone or names none, the last servers stay. Thread-safe.
/// </remarks>
internal sealed class HostsFile
{
    private const int MaxBytes = 1 << 20;

    private readonly Lock _lock = new();
    private readonly string _path;
    private readonly Action<string> _log;
    private (DateTime Written, long Length) _seen;
    private bool _lost;
    private IReadOnlyList<Uri> _hosts;

    /// <summary>Reads the file.</summary>
    /// <param name="log">Told, in a line, of what is passed over.</param>
    /// <exception cref="HostsFileException">It is not there, cannot be read, or names no server.</exception>
    public HostsFile(string path, Action<string> log)
    {
        (_path, _log) = (path, log);
        try
        {
            _seen = Look();
            _hosts = Read();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new HostsFileException($"The hosts file '{path}' cannot be read: {exception.Message}", exception);
        }
        if (_hosts.Count == 0)
            throw new HostsFileException($"The hosts file '{path}' names no server: it has a URL a line, or JSON objects with a \"url\".");
    }

    /// <summary>The servers it names now, each once, as bases that end with "/v1".</summary>
    public IReadOnlyList<Uri> Hosts
    {
        get
        {
            lock (_lock)
            {
                Refresh();
                return _hosts;
            }
        }
    }

    /// <summary>Reads a file's text.</summary>
    /// <param name="log">Told of what is passed over, with its line.</param>
    public static IReadOnlyList<Uri> Parse(string text, Action<string> log)
    {
        List<Uri> hosts = [];
        string[] lines = text.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i].Trim().TrimStart('\uFEFF');
            if (line.Length == 0 || line[0] == '#')
                continue;
            int first = i + 1;
            Uri? host = line[0] == '{' ? ParseObject(lines, ref i) : EndpointAddress.Parse(WithoutComment(line));
            if (host is null)
                log($"line {first} names no server");
            else if (!hosts.Contains(host))
                hosts.Add(host);
        }
        return hosts;
    }

    /// <summary>An object that begins in a line and may go on in the next ones; the last of its lines is the current one afterwards.</summary>
    private static Uri? ParseObject(string[] lines, ref int line)
    {
        StringBuilder text = new();
        for (int i = line; i < lines.Length && (i == line || !StartsAnew(lines[i])); i++)
        {
            text.Append(lines[i]).Append('\n');
            if (!lines[i].Contains('}'))
                continue;
            try
            {
                using JsonDocument json = JsonDocument.Parse(text.ToString());
                line = i;
                return json.RootElement.TryGetProperty("url", out JsonElement url) && url.ValueKind == JsonValueKind.String ? EndpointAddress.Parse(url.GetString()) : null;
            }
            catch (JsonException)
            {
                // Not whole yet: the next line may end it.
            }
        }
        return null;
    }

    /// <summary>Objects in objects are indented; at the margin another entry begins.</summary>
    private static bool StartsAnew(string line) => line.StartsWith('{') || line.StartsWith('#') || line.StartsWith("http", StringComparison.Ordinal);

    private static string WithoutComment(string line)
    {
        int comment = line.IndexOf(" #", StringComparison.Ordinal);
        return comment < 0 ? line : line[..comment];
    }

    private void Refresh()
    {
        try
        {
            (DateTime, long) now = Look();
            if (now == _seen && !_lost)
                return;
            IReadOnlyList<Uri> hosts = Read();
            (_seen, _lost) = (now, false);
            if (hosts.Count > 0)
                _hosts = hosts;
            else
                _log($"The hosts file '{_path}' names no server any more; the {_hosts.Count} it named last stay.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            if (!_lost)
                _log($"The hosts file '{_path}' cannot be read, the servers it named last stay: {exception.Message}");
            _lost = true;
        }
    }

    private (DateTime, long) Look()
    {
        FileInfo file = new(_path);
        return (file.LastWriteTimeUtc, file.Length);
    }

    private IReadOnlyList<Uri> Read()
    {
        using FileStream stream = new(_path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        if (stream.Length > MaxBytes)
            throw new IOException($"It has more than {MaxBytes:N0} bytes.");
        using StreamReader reader = new(stream);
        return Parse(reader.ReadToEnd(), message => _log($"The hosts file '{_path}': {message}; it is passed over."));
    }
}
