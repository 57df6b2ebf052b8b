namespace LlamaEngine.Sampling.Structured.Text;

/// <summary>What a byte inside a JSON string is.</summary>
internal enum StringStep
{
    /// <summary>It may not stand here.</summary>
    Refused,

    /// <summary>A part of a character or of an escape.</summary>
    Partial,

    /// <summary>The end of a character.</summary>
    Char,

    /// <summary>The closing quote.</summary>
    Quote,
}

/// <summary>
/// Reads the bytes of a JSON string, UTF-8 and escapes, one at a time, as code points. Where a character is not finished, it says which ones it
/// may become, so that nothing is begun that cannot be ended well: neither half a surrogate pair nor overlong UTF-8.
/// </summary>
/// <remarks>
/// All it remembers is an int: mode in bits 28 … 30, digits or bytes in bits 24 … 27, what is known of the value below. 0: between two
/// characters.
/// </remarks>
internal ref struct StringDecoder
{
    private const int Utf8 = 1, Escape = 2, Hex = 3, HighDone = 4, HighEscape = 5, LowHex = 6;
    private const int HighFirst = 0xD800, HighLast = 0xDBFF, LowFirst = 0xDC00, LowLast = 0xDFFF;

    /// <summary>The state behind the byte.</summary>
    public int State { get; private set; }

    /// <summary>The character, or the first one that it may become.</summary>
    public int First { get; private set; }

    /// <summary>The last one that it may become.</summary>
    public int Last { get; private set; }

    /// <summary>The first one of a second interval (what a surrogate pair may become); above <see cref="OtherLast"/>: there is none.</summary>
    public int OtherFirst { get; private set; }

    /// <summary>The last one of the second interval.</summary>
    public int OtherLast { get; private set; }

    /// <summary>Reads a byte.</summary>
    public StringStep Read(int state, byte next)
    {
        (OtherFirst, OtherLast) = (1, 0);
        int count = state >> 24 & 15, value = state & 0xFFFFFF;
        return (state >> 28) switch
        {
            Utf8 => Continue(count, value, next),
            Escape => ReadEscape(next),
            Hex => ReadHex(count, value, next),
            HighDone => next == '\\' ? Pair(HighEscape, 0, value << 12) : StringStep.Refused,
            HighEscape => next == 'u' ? Pair(LowHex, 0, value) : StringStep.Refused,
            LowHex => ReadLowHex(count, value, next),
            _ => ReadPlain(next),
        };
    }

    private StringStep ReadPlain(byte next)
    {
        switch (next)
        {
            case (byte)'"':
                return StringStep.Quote;
            case (byte)'\\':
                return Partial(Escape, 0, 0, 0, CharDfa.LastChar);
            case < 0x20:
                return StringStep.Refused;
            case < 0x80:
                return Done(next);
            case >= 0xC2 and < 0xE0:
                return Lead(1, next & 0x1F, 0x80);
            case >= 0xE0 and < 0xF0:
                return Lead(2, next & 0x0F, 0x800);
            case >= 0xF0 and < 0xF5:
                return Lead(3, next & 0x07, 0x10000);
            default:
                return StringStep.Refused;
        }
    }

    private StringStep Lead(int left, int bits, int least) =>
        Partial(Utf8, left, bits, Math.Max(least, bits << 6 * left), Math.Min(CharDfa.LastChar, ((bits + 1) << 6 * left) - 1));

    private StringStep Continue(int left, int bits, byte next)
    {
        if ((next & 0xC0) != 0x80)
            return StringStep.Refused;
        bits = bits << 6 | next & 0x3F;
        left--;
        if (left == 0)
            return Done(bits);
        // Fewer bits would be overlong; beyond are surrogates and what Unicode does not have.
        bool valid = left == 2 ? bits is >= 0x10 and <= 0x10F : bits is >= 0x20 and <= 0x43FF and not (>= 0x360 and <= 0x37F);
        return valid ? Partial(Utf8, left, bits, bits << 6 * left, ((bits + 1) << 6 * left) - 1) : StringStep.Refused;
    }

    private StringStep ReadEscape(byte next) => next switch
    {
        (byte)'u' => PartialHex(0, 0),
        (byte)'"' or (byte)'\\' or (byte)'/' => Done(next),
        (byte)'b' => Done('\b'),
        (byte)'f' => Done('\f'),
        (byte)'n' => Done('\n'),
        (byte)'r' => Done('\r'),
        (byte)'t' => Done('\t'),
        _ => StringStep.Refused,
    };

    private StringStep ReadHex(int count, int value, byte next)
    {
        int digit = Digit(next);
        if (digit < 0)
            return StringStep.Refused;
        value = value << 4 | digit;
        if (count < 3)
            return PartialHex(count + 1, value);
        return value switch
        {
            >= HighFirst and <= HighLast => Pair(HighDone, 0, value - HighFirst, (value - HighFirst) << 10, 0x3FF),
            >= LowFirst and <= LowLast => StringStep.Refused,
            _ => Done(value),
        };
    }

    private StringStep PartialHex(int count, int value)
    {
        int shift = 4 * (4 - count), first = value << shift, last = ((value + 1) << shift) - 1;
        if (first >= LowFirst && last <= LowLast)
            return StringStep.Refused;
        int highFirst = Math.Max(first, HighFirst), highLast = Math.Min(last, HighLast);
        if (highFirst <= highLast)
            (OtherFirst, OtherLast) = (0x10000 + ((highFirst - HighFirst) << 10), 0x10000 + ((highLast - HighFirst) << 10) + 0x3FF);
        return Partial(Hex, count, value, first, last);
    }

    private StringStep ReadLowHex(int count, int value, byte next)
    {
        int digit = Digit(next);
        if (digit < 0)
            return StringStep.Refused;
        int high = value >> 12, low = (value & 0xFFF) << 4 | digit, shift = 4 * (3 - count);
        int first = Math.Max(low << shift, LowFirst), last = Math.Min(((low + 1) << shift) - 1, LowLast);
        if (first > last)
            return StringStep.Refused;
        int start = 0x10000 + (high << 10);
        return count == 3
            ? Done(start + low - LowFirst)
            : Partial(LowHex, count + 1, high << 12 | low, start + first - LowFirst, start + last - LowFirst);
    }

    // Inside a pair nothing but its second half may follow, so that the characters it may become stay the same.
    private StringStep Pair(int mode, int count, int value, int offset, int span) =>
        Partial(mode, count, value, 0x10000 + offset, 0x10000 + offset + span);

    private StringStep Pair(int mode, int count, int value) => Pair(mode, count, value, value >> 12 << 10, 0x3FF);

    private StringStep Partial(int mode, int count, int value, int first, int last)
    {
        (State, First, Last) = (mode << 28 | count << 24 | value, first, last);
        return StringStep.Partial;
    }

    private StringStep Done(int value)
    {
        (State, First, Last) = (0, value, value);
        return StringStep.Char;
    }

    private static int Digit(byte next) => next switch
    {
        >= (byte)'0' and <= (byte)'9' => next - '0',
        >= (byte)'a' and <= (byte)'f' => next - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => next - 'A' + 10,
        _ => -1,
    };
}
