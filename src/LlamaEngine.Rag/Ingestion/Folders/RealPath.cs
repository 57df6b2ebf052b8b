namespace LlamaEngine.Rag;

/// <summary>Where a path leads once all symbolic links on its way are followed.</summary>
internal static class RealPath
{
    private const int MaxLinks = 40;

    /// <summary>The path without links; null: it leads nowhere, or in a circle.</summary>
    public static string? Of(string path)
    {
        int links = 0;
        return Of(Path.GetFullPath(path), ref links);
    }

    /// <summary>Whether a path, both without links, is below a folder.</summary>
    public static bool IsBelow(string path, string folder) =>
        path.StartsWith(Path.EndsInDirectorySeparator(folder) ? folder : folder + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    private static string? Of(string path, ref int links)
    {
        if (Path.GetDirectoryName(path) is not { Length: > 0 } parent)
            return path;
        if (Of(parent, ref links) is not { } real)
            return null;
        FileInfo here = new(Path.Combine(real, Path.GetFileName(path)));
        if (here.LinkTarget is not { } target)
            return here.Exists || Directory.Exists(here.FullName) ? here.FullName : null;
        return ++links > MaxLinks ? null : Of(Path.GetFullPath(target, real), ref links);
    }
}
