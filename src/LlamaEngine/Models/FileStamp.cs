using System.Collections.Immutable;
using System.Text;
using System.Text.RegularExpressions;

namespace LlamaEngine.Models;

/// <summary>Tells whether the files of a model are still those that were read: their paths, lengths and write times.</summary>
internal static partial class FileStamp
{
    /// <summary>The stamp of a model.</summary>
    /// <param name="path">A file, one part of a split file (all parts count), or a folder (all files in it count).</param>
    /// <returns>Null where there is no such file or folder: a model that was made in memory.</returns>
    public static string? Of(string path)
    {
        path = Path.GetFullPath(path);
        if (Files(path) is not { } files)
            return null;
        var stamp = new StringBuilder(path);
        foreach (FileInfo file in files)
            stamp.Append('\n').Append(file.Name).Append('\t').Append(file.Length).Append('\t').Append(file.LastWriteTimeUtc.Ticks);
        return stamp.ToString();
    }

    private static ImmutableArray<FileInfo>? Files(string path)
    {
        if (Directory.Exists(path))
            return InOrder(Directory.EnumerateFiles(path));
        if (!File.Exists(path))
            return null;
        Match part = SplitSuffix.Match(path);
        return part.Success && Path.GetDirectoryName(path) is { } folder
            ? InOrder(Directory.EnumerateFiles(folder, $"{Path.GetFileName(path[..part.Index])}-*{part.Groups[1].Value}"))
            : [Target(path)];
    }

    private static ImmutableArray<FileInfo> InOrder(IEnumerable<string> paths) => [.. paths.Order(StringComparer.Ordinal).Select(Target)];

    /// <summary>The file itself where the path is a link: downloads of the hub are folders of links.</summary>
    private static FileInfo Target(string path) => new(File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path);

    [GeneratedRegex(@"-\d{5}(-of-\d{5}\.gguf)$", RegexOptions.CultureInvariant)]
    private static partial Regex SplitSuffix { get; }
}
