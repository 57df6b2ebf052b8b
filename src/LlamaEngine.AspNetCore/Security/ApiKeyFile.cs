using System.Collections.Immutable;
using System.Globalization;

namespace LlamaEngine.AspNetCore.Security;

/// <summary>
/// Reads a file of API keys: a line a key, <c>NAME sha256:HEX [requests_per_minute=N] [tokens_per_minute=N] [concurrency=N]</c>; lines that are
/// empty or begin with # say nothing.
/// </summary>
internal static class ApiKeyFile
{
    private const string Algorithm = "sha256:";

    /// <summary>Reads a file.</summary>
    /// <exception cref="FormatException">A line is wrong, or there is no key; the message names file and line, and never quotes a line.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static ImmutableArray<ApiKey> Read(string path)
    {
        string[] lines = File.ReadAllLines(path);
        var keys = ImmutableArray.CreateBuilder<ApiKey>();
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i].Trim();
            if (line.Length == 0 || line[0] == '#')
                continue;
            ApiKey key = Parse(line) ?? throw new FormatException(
                $"{path}, line {i + 1}: expected NAME sha256:HEX [requests_per_minute=N] [tokens_per_minute=N] [concurrency=N], N at least 1.");
            if (keys.Any(known => known.Name == key.Name))
                throw new FormatException($"{path}, line {i + 1}: there is a key named '{key.Name}' already.");
            keys.Add(key);
        }
        return keys.Count > 0 ? keys.ToImmutable() : throw new FormatException($"{path} has no key.");
    }

    private static ApiKey? Parse(string line)
    {
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (words.Length < 2 || HashOf(words[1]) is not { } hash)
            return null;
        ApiKey? key = new(words[0], hash);
        foreach (string word in words[2..])
            key = key is null ? null : WithLimit(key, word);
        return key;
    }

    private static ImmutableArray<byte>? HashOf(string word)
    {
        if (!word.StartsWith(Algorithm, StringComparison.Ordinal) || word.Length != Algorithm.Length + 64)
            return null;
        try
        {
            return [.. Convert.FromHexString(word.AsSpan(Algorithm.Length))];
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static ApiKey? WithLimit(ApiKey key, string word)
    {
        int equals = word.IndexOf('=', StringComparison.Ordinal);
        if (equals < 0 || !int.TryParse(word.AsSpan(equals + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int limit) || limit < 1)
            return null;
        return word[..equals] switch
        {
            "requests_per_minute" => key with { RequestsPerMinute = limit },
            "tokens_per_minute" => key with { TokensPerMinute = limit },
            "concurrency" => key with { Concurrency = limit },
            _ => null,
        };
    }
}
