using System.Collections.Immutable;

namespace LlamaEngine.Cli.Hosting;

/// <summary>What <c>serve</c> is to serve, and how.</summary>
internal sealed record ServerSettings
{
    /// <summary>At least one.</summary>
    public required ImmutableArray<ServedModel> Models { get; init; }

    /// <summary>How engines are created; each has the path of its model.</summary>
    public required EngineOptions Engine { get; init; }

    /// <summary>Where to listen.</summary>
    public required ImmutableArray<string> Urls { get; init; }

    /// <summary>Where to write where the server is; null: nowhere.</summary>
    public string? EndpointFile { get; init; }

    /// <summary>Keys that requests need; null: none.</summary>
    public string? ApiKeyFile { get; init; }

    /// <summary>Where files and batches are kept; null: they are refused.</summary>
    public string? DataFolder { get; init; }

    /// <summary>Requests at one time.</summary>
    public int MaxRequests { get; init; } = 1024;

    /// <summary>The least time between two events of a stream; null: as the load allows.</summary>
    public TimeSpan? StreamInterval { get; init; }

    /// <summary>How long requests may go on when the server is told to stop.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long one of several models stays loaded; negative: until another needs the room.</summary>
    public TimeSpan KeepAlive { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>Origins whose pages may call the server.</summary>
    public ImmutableArray<string> CorsOrigins { get; init; } = [];
}

/// <summary>A model to serve.</summary>
/// <param name="Name">What requests call it.</param>
/// <param name="Path">A GGUF file or a Hugging Face folder.</param>
internal sealed record ServedModel(string Name, string Path)
{
    /// <summary>Reads NAME=M, or M, whose name is then its file's without folder and ending.</summary>
    /// <exception cref="UsageException">The name or the path is empty.</exception>
    public static ServedModel Parse(string text)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        // A path may have the sign itself.
        if (equals < 0 || File.Exists(text) || Directory.Exists(text))
            return new ServedModel(NameOf(text), text);
        if (string.IsNullOrWhiteSpace(text[..equals]) || equals == text.Length - 1)
            throw new UsageException($"--model takes NAME=FILE or FILE, not '{text}'.");
        return new ServedModel(text[..equals], text[(equals + 1)..]);
    }

    private static string NameOf(string path)
    {
        string file = System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path)));
        return file.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) ? System.IO.Path.GetFileNameWithoutExtension(file) : file;
    }
}
