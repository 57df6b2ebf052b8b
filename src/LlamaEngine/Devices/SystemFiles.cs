using System.Globalization;

namespace LlamaEngine.Devices;

/// <summary>Reads the small text files with which Linux describes itself. What is missing, forbidden or malformed is null or empty.</summary>
/// <param name="root">The folder that stands for <c>/</c>: tests describe other machines in a folder.</param>
internal sealed class SystemFiles(string root)
{
    /// <summary>The files of this machine.</summary>
    public static SystemFiles Machine { get; } = new("/");

    /// <summary>The lines of a file, given its absolute path.</summary>
    public string[] Lines(string path) => Text(path)?.Split('\n', StringSplitOptions.RemoveEmptyEntries) ?? [];

    /// <summary>What stands in a folder, given its absolute path: names in no particular order.</summary>
    public IEnumerable<string> Names(string path)
    {
        try
        {
            return [.. Directory.EnumerateFileSystemEntries(Path.Join(root, path)).Select(entry => Path.GetFileName(entry))];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return [];
        }
    }

    /// <summary>A file that holds one number.</summary>
    public long? Number(string path) => ParseNumber(Text(path));

    /// <summary>The number that stands first behind a name, as in <c>MemAvailable:  123 kB</c> or <c>inactive_file 123</c>.</summary>
    public long? Entry(string path, string name)
    {
        foreach (string line in Lines(path))
        {
            string[] words = Words(line);
            if (words.Length > 1 && words[0].TrimEnd(':') == name)
                return ParseNumber(words[1]);
        }
        return null;
    }

    /// <summary>What stands between blanks.</summary>
    public static string[] Words(string line) => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    /// <summary>A whole number; null for anything else, and for one that needs more than 63 bits.</summary>
    public static long? ParseNumber(string? text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out long value)
            ? value
            : null;

    private string? Text(string path)
    {
        try
        {
            return File.ReadAllText(Path.Join(root, path));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}
