using System.Text;

namespace LlamaEngine.Backends.Cuda.Kernels;

/// <summary>
/// PTX of many kernels, cut so that one of them makes a module: the driver then compiles those that a model uses, not all types of weights
/// and caches there are.
/// </summary>
/// <remarks>
/// A text in PTX is directives and declarations, which all modules get, and entries: <c>.visible .entry name(…) … { … }</c>. Braces inside
/// comments and strings do not count.
/// </remarks>
internal sealed class PtxLibrary
{
    private readonly byte[] _text;
    private readonly List<Range> _common = [];
    private readonly Dictionary<string, Range> _entries = [];

    /// <summary>Finds the entries.</summary>
    public PtxLibrary(byte[] text)
    {
        _text = text;
        int done = 0;
        while (FindEntry(done) is { } keyword)
        {
            int start = text.AsSpan(0, keyword).LastIndexOf((byte)'\n') + 1, end = EndOfBody(keyword);
            _common.Add(done..start);
            _entries[NameAt(keyword + EntryKeyword.Length)] = start..end;
            done = end;
        }
        _common.Add(done..text.Length);
    }

    /// <summary>Names of the entries.</summary>
    public IReadOnlyCollection<string> Names => _entries.Keys;

    private static ReadOnlySpan<byte> EntryKeyword => ".entry"u8;

    /// <summary>The text of a module with one entry; null: there is none of this name.</summary>
    public byte[]? ModuleOf(string name)
    {
        if (!_entries.TryGetValue(name, out Range entry))
            return null;
        using var module = new MemoryStream();
        foreach (Range common in _common)
            module.Write(_text.AsSpan(common));
        module.Write("\n"u8);
        module.Write(_text.AsSpan(entry));
        module.Write("\n"u8);
        return module.ToArray();
    }

    // The next keyword that is no part of a comment or a string.
    private int? FindEntry(int from)
    {
        for (int i = from; i < _text.Length; i++)
        {
            i = SkipText(i);
            if (i < _text.Length && _text[i] == '.' && _text.AsSpan(i).StartsWith(EntryKeyword))
                return i;
        }
        return null;
    }

    // Behind the brace that closes the first one from here.
    private int EndOfBody(int from)
    {
        int depth = 0;
        for (int i = from; i < _text.Length; i++)
        {
            i = SkipText(i);
            if (i == _text.Length)
                break;
            if (_text[i] == '{')
                depth++;
            else if (_text[i] == '}' && --depth == 0)
                return i + 1;
        }
        throw new InvalidDataException("The embedded kernels are damaged: an entry has no end.");
    }

    // The last character of a comment or a string that begins here; else this place.
    private int SkipText(int i)
    {
        ReadOnlySpan<byte> rest = _text.AsSpan(i);
        if (rest.StartsWith("//"u8))
            return EndOf("\n"u8, 2);
        if (rest.StartsWith("/*"u8))
            return EndOf("*/"u8, 2);
        return rest[0] == '"' ? EndOf("\""u8, 1) : i;

        int EndOf(ReadOnlySpan<byte> end, int from)
        {
            int found = _text.AsSpan(i + from).IndexOf(end);
            return found < 0 ? _text.Length : i + from + found + end.Length - 1;
        }
    }

    private string NameAt(int i)
    {
        while (_text[i] is (byte)' ' or (byte)'\t')
            i++;
        int length = _text.AsSpan(i).IndexOfAny(" \t\r\n("u8);
        return Encoding.ASCII.GetString(_text, i, length);
    }
}
