using System.Text;
using LlamaEngine.Tokenization.Splitting;

namespace LlamaEngine.Tokenization.Json;

/// <summary>Reads <c>pre_tokenizer</c> of tokenizer.json.</summary>
internal sealed class PreTokenizerReader
{
    private readonly List<PreTokenizer> _steps = [];

    /// <summary>What was read, in order.</summary>
    public PreTokenizer[] Steps => [.. _steps];

    /// <summary>Pieces are bytes written in GPT-2's alphabet.</summary>
    public bool IsByteLevel { get; private set; }

    /// <summary>Reads a pre-tokenizer; null for none.</summary>
    /// <exception cref="UnsupportedModelException">It is of a type that is not implemented.</exception>
    public void Read(JsonField? preTokenizer)
    {
        if (preTokenizer is not { } field)
            return;
        string type = field.TextOf("type");
        // Behind ByteLevel the reference's text is written in GPT-2's alphabet, which would have to be split as such.
        if (IsByteLevel)
            throw JsonField.Unsupported($"pre_tokenizer '{type}' behind ByteLevel", "ByteLevel as the last one");
        switch (type)
        {
            case "Sequence":
                foreach (JsonField item in field.Required("pretokenizers").Items())
                    Read(item);
                break;
            case "ByteLevel":
                ReadByteLevel(field);
                break;
            case "Split":
                _steps.Add(new SplitPreTokenizer(PatternReader.Read(field), ReadBehavior(field), field.FlagOf("invert", false)));
                break;
            case "Digits":
                bool individual = field.FlagOf("individual_digits", false);
                _steps.Add(new SplitPreTokenizer(new NumericPattern(), individual ? SplitBehavior.Isolated : SplitBehavior.Contiguous));
                break;
            case "Metaspace":
                ReadMetaspace(field);
                break;
            default:
                throw JsonField.Unsupported($"pre_tokenizer '{type}'", "Sequence, Split, ByteLevel, Digits, Metaspace");
        }
    }

    private void ReadByteLevel(JsonField field)
    {
        if (field.FlagOf("add_prefix_space", true))
            _steps.Add(new PrefixSpace());
        if (field.FlagOf("use_regex", true))
            _steps.Add(new SplitPreTokenizer(KnownPatterns.Gpt2, SplitBehavior.Isolated));
        IsByteLevel = true;
    }

    private void ReadMetaspace(JsonField field)
    {
        byte[] replacement = Encoding.UTF8.GetBytes(ReadSign(field));
        _steps.Add(new Metaspace(replacement, ReadScheme(field)));
        if (field.FlagOf("split", true))
            _steps.Add(new SplitPreTokenizer(new LiteralPattern(replacement), SplitBehavior.MergedWithNext));
    }

    /// <summary>Reads the character that stands for a space.</summary>
    public static string ReadSign(JsonField metaspace)
    {
        string sign = metaspace.TextOf("replacement");
        return Rune.TryGetRuneAt(sign.Length > 0 ? sign : "\uD800", 0, out Rune rune) && rune.Utf16SequenceLength == sign.Length
            ? sign
            : throw metaspace.Wrong("has a 'replacement' that is not one character");
    }

    /// <summary>Reads which texts get a leading ▁; older files say <c>add_prefix_space</c>.</summary>
    public static PrependScheme ReadScheme(JsonField metaspace) => metaspace["prepend_scheme"]?.AsText() switch
    {
        "always" => PrependScheme.Always,
        "first" => PrependScheme.First,
        "never" => PrependScheme.Never,
        null => metaspace.FlagOf("add_prefix_space", true) ? PrependScheme.Always : PrependScheme.Never,
        var other => throw metaspace.Wrong($"has the unknown prepend_scheme '{other}'"),
    };

    private static SplitBehavior ReadBehavior(JsonField split) => split.TextOf("behavior") is var name && name switch
    {
        "Removed" => SplitBehavior.Removed,
        "Isolated" => SplitBehavior.Isolated,
        "MergedWithPrevious" => SplitBehavior.MergedWithPrevious,
        "MergedWithNext" => SplitBehavior.MergedWithNext,
        "Contiguous" => SplitBehavior.Contiguous,
        _ => (SplitBehavior?)null,
    } is { } behavior ? behavior : throw split.Wrong($"has the unknown behavior '{name}'");
}
