using System.CommandLine;
using System.CommandLine.Parsing;

namespace LlamaEngine.Cli;

/// <summary>--kv-type: the number format of keys and values.</summary>
internal static class KvTypeOption
{
    private const string Name = "--kv-type";

    /// <summary>A new option of one command.</summary>
    public static Option<KvCacheType?> Create(string description) => new(Name)
    {
        Description = description,
        HelpName = string.Join('|', Enum.GetNames<KvCacheType>()).ToLowerInvariant(),
        CustomParser = Parse,
    };

    private static KvCacheType? Parse(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        foreach (KvCacheType type in Enum.GetValues<KvCacheType>())
        {
            if (string.Equals(type.ToString(), text, StringComparison.OrdinalIgnoreCase))
                return type;
        }
        result.AddError($"{Name} takes {string.Join(", ", Enum.GetNames<KvCacheType>()).ToLowerInvariant()}, not '{text}'.");
        return null;
    }
}
