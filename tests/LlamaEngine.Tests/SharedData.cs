namespace LlamaEngine.Tests;

/// <summary>
/// Where test data stands: files of our own under tests/data, and the folder <c>shared</c> beside the checkout, which only
/// some machines have. A test that needs the latter reports Skipped where it is missing.
/// </summary>
internal static class SharedData
{
    private static readonly string? s_shared = FindUpwards(Path.Combine("shared", "golden", "README.md")) is { } readme
        ? Path.GetDirectoryName(Path.GetDirectoryName(readme))
        : null;

    /// <summary>The repository's root: the folder of Engine.sln.</summary>
    public static string Repository { get; } = Path.GetDirectoryName(FindUpwards("Engine.sln"))
        ?? throw new InvalidOperationException("Engine.sln was not found above the test's folder.");

    /// <summary>A file or folder under tests/data.</summary>
    public static string Own(params ReadOnlySpan<string> parts) => Path.Combine([Repository, "tests", "data", .. parts]);

    /// <summary>A file or folder under shared; skips the running test where there is none.</summary>
    public static string Shared(params ReadOnlySpan<string> parts)
    {
        string path = s_shared is null ? "" : Path.Combine([s_shared, .. parts]);
        if (!Path.Exists(path))
            Assert.Skip($"needs ../shared/{string.Join('/', parts)}, which this machine does not have");
        return path;
    }

    private static string? FindUpwards(string name)
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string candidate = Path.Combine(folder.FullName, name);
            if (File.Exists(candidate))
                return candidate;
        }
        return null;
    }
}
