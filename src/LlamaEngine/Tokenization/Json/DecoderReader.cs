using System.Globalization;
using System.Text;
using LlamaEngine.Tokenization.Decoding;
using LlamaEngine.Tokenization.Splitting;
using LlamaEngine.Tokenization.Vocabularies;

namespace LlamaEngine.Tokenization.Json;

/// <summary>
/// Reads <c>decoder</c> of tokenizer.json. What it does to single tokens is done once for every token; what is left to do for
/// a text is in <see cref="PieceRules"/>.
/// </summary>
internal sealed class DecoderReader
{
    private const double LargestGrowth = 100;

    private readonly List<Func<string, string>> _steps = [];
    private readonly List<Func<string, string>> _firstSteps = [];
    private double _growth = 1;
    private bool _isByteLevel;
    private bool _hasByteFallback;
    private bool _isFused;
    private byte[] _separator = [];
    private byte[] _stripContent = [];
    private int _stripCount;

    /// <summary>Reads a decoder; null for none.</summary>
    /// <exception cref="UnsupportedModelException">It is of a type, or in an order, that is not implemented.</exception>
    public static DecoderReader Read(JsonField? decoder)
    {
        var reader = new DecoderReader();
        if (decoder is { } field)
            reader.Add(field);
        else
            reader._separator = " "u8.ToArray();
        return reader;
    }

    /// <summary>Makes the bytes of every token, and the rules to join them; the rules are null where tokens are a stream of bytes.</summary>
    /// <param name="count">Number of ids.</param>
    /// <param name="textOf">The text that decoding starts from.</param>
    public (TokenBytes Bytes, PieceRules? Rules) Make(int count, Func<int, string> textOf)
    {
        if (_isByteLevel)
            return (new TokenBytes(count, id => ByteLevelAlphabet.GetBytes(textOf(id))), null);
        bool[] isByte = new bool[count];
        var bytes = new TokenBytes(count, id => BytesOf(Run(_steps, textOf(id)), ref isByte[id]));
        return (bytes, new PieceRules
        {
            Bytes = bytes,
            FirstBytes = _firstSteps.SequenceEqual(_steps)
                ? null
                : new TokenBytes(count, id => Encoding.UTF8.GetBytes(Run(_firstSteps, textOf(id)))),
            IsByte = isByte,
            Separator = _separator,
            StripContent = _stripContent,
            StripCount = _stripCount,
        });
    }

    private void Add(JsonField decoder)
    {
        string type = decoder.TextOf("type");
        if (_isByteLevel)
            throw JsonField.Unsupported($"decoder '{type}' behind ByteLevel", "ByteLevel by itself");
        switch (type)
        {
            case "Sequence":
                foreach (JsonField item in decoder.Required("decoders").Items())
                    Add(item);
                break;
            case "ByteLevel" when _steps.Count == 0 && !_hasByteFallback && !_isFused:
                _isByteLevel = true;
                break;
            case "ByteFallback" when !_isFused:
                _hasByteFallback = true;
                break;
            case "Fuse":
                _isFused = true;
                break;
            case "Strip" when _isFused:
                AddStripOfText(decoder);
                break;
            case "Strip" or "Replace" or "Metaspace" when !_isFused && !_hasByteFallback:
                AddStepForTokens(type, decoder);
                break;
            default:
                throw JsonField.Unsupported(
                    $"decoder '{type}' at this place",
                    "ByteLevel; or Replace, Strip and Metaspace, then ByteFallback, Fuse, and Strip of the start");
        }
    }

    private void AddStripOfText(JsonField strip)
    {
        if (strip.Required("stop").AsInteger() != 0 || _stripCount > 0)
            throw JsonField.Unsupported("decoder 'Strip' of the end of a text", "Strip of its start");
        _stripContent = Encoding.UTF8.GetBytes(strip.TextOf("content"));
        _stripCount = _stripContent.Length == 0 ? 0 : strip.Required("start").AsInteger();
    }

    private void AddStepForTokens(string type, JsonField decoder)
    {
        Func<string, string> step;
        Func<string, string>? first = null;
        switch (type)
        {
            case "Replace":
                string pattern = decoder.Required("pattern").TextOf("String");
                string content = decoder.TextOf("content");
                if (pattern.Length == 0)
                    throw decoder.Wrong("has an empty pattern");
                _growth *= Math.Max(1, (double)content.Length / pattern.Length);
                if (_growth > LargestGrowth)
                    throw JsonField.Unsupported("decoder that makes tokens many times as long", $"{LargestGrowth} times");
                step = token => token.Replace(pattern, content, StringComparison.Ordinal);
                break;
            case "Strip":
                string stripped = decoder.TextOf("content");
                int start = decoder.Required("start").AsInteger();
                int stop = decoder.Required("stop").AsInteger();
                step = token => Strip(token, stripped, start, stop);
                break;
            default:
                string sign = PreTokenizerReader.ReadSign(decoder);
                step = token => token.Replace(sign, " ", StringComparison.Ordinal);
                if (PreTokenizerReader.ReadScheme(decoder) != PrependScheme.Never)
                    first = token => token.Replace(sign, "", StringComparison.Ordinal);
                break;
        }
        _steps.Add(step);
        _firstSteps.Add(first ?? step);
    }

    private static string Strip(string token, string content, int start, int stop)
    {
        if (content.Length == 0)
            return token;
        for (; start > 0 && token.StartsWith(content, StringComparison.Ordinal); start--)
            token = token[content.Length..];
        for (; stop > 0 && token.EndsWith(content, StringComparison.Ordinal); stop--)
            token = token[..^content.Length];
        return token;
    }

    private byte[] BytesOf(string token, ref bool isByte)
    {
        isByte = _hasByteFallback && token is ['<', '0', 'x', _, _, '>']
            && byte.TryParse(token.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _);
        return isByte ? Convert.FromHexString(token.AsSpan(3, 2)) : Encoding.UTF8.GetBytes(token);
    }

    private static string Run(List<Func<string, string>> steps, string token) => steps.Aggregate(token, (text, step) => step(text));
}
