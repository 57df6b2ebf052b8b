using System.Globalization;
using System.Numerics;

namespace LlamaEngine.Templates.Jinja;

/// <summary>Those methods of <c>str</c> that answer a question about the text.</summary>
internal static partial class TextMethods
{
    private static Func<string, Arguments, object?>? FindQuery(string name) => name switch
    {
        "startswith" => (text, arguments) => HasAffix(text, arguments, (part, affix) => part.StartsWith(affix, StringComparison.Ordinal)),
        "endswith" => (text, arguments) => HasAffix(text, arguments, (part, affix) => part.EndsWith(affix, StringComparison.Ordinal)),
        "find" => (text, arguments) => Find(text, arguments, fromEnd: false) ?? BigInteger.MinusOne,
        "rfind" => (text, arguments) => Find(text, arguments, fromEnd: true) ?? BigInteger.MinusOne,
        "index" => (text, arguments) => Find(text, arguments, fromEnd: false) ?? throw new ChatTemplateException("substring not found"),
        "rindex" => (text, arguments) => Find(text, arguments, fromEnd: true) ?? throw new ChatTemplateException("substring not found"),
        "count" => (text, arguments) => Count(text, arguments),
        "isdecimal" => Simple(text => All(text, (_, at) => CharUnicodeInfo.GetDecimalDigitValue(text, at) >= 0)),
        "isdigit" => Simple(text => All(text, (_, at) => CharUnicodeInfo.GetDigitValue(text, at) >= 0)),
        "isnumeric" => Simple(text => All(text, IsNumeric)),
        "isalpha" => Simple(text => All(text, char.IsLetter)),
        "isalnum" => Simple(text => All(text, (_, at) => char.IsLetter(text, at) || IsNumeric(text, at))),
        "isspace" => Simple(text => All(text, (_, at) => CodePoints.IsSpace(text[at]))),
        "isascii" => Simple(text => text.All(char.IsAscii)),
        "islower" => Simple(text => text.Any(char.IsLower) && !text.Any(char.IsUpper)),
        "isupper" => Simple(text => text.Any(char.IsUpper) && !text.Any(char.IsLower)),
        "istitle" => Simple(text => text.Any(char.IsLetter) && Title(text) == text),
        "isidentifier" => Simple(text => text.Length > 0 && !char.IsDigit(text[0]) && text.All(c => char.IsLetterOrDigit(c) || c == '_')),
        _ => null,
    };

    private static bool IsNumeric(string text, int at) => CharUnicodeInfo.GetNumericValue(text, at) >= 0;

    /// <summary>True if the text has code points and all of them, each given by its place, pass the test.</summary>
    private static bool All(string text, Func<string, int, bool> test)
    {
        bool holds = text.Length > 0;
        for (int i = 0; i < text.Length && holds; i++)
        {
            holds = test(text, i);
            i += i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]) ? 1 : 0;
        }
        return holds;
    }

    private static bool HasAffix(string text, Arguments arguments, Func<string, string, bool> has)
    {
        object? affix = arguments.Next("prefix");
        string part = Part(text, arguments, out _);
        arguments.End();
        return affix switch
        {
            string single => has(part, single),
            Sequence { Kind: SequenceKind.Tuple } several => several.Items.OfType<string>().Any(one => has(part, one)),
            _ => throw new ChatTemplateException(
                $"{arguments.Callee} first arg must be str or a tuple of str, not {PythonType.Name(affix)}"),
        };
    }

    private static BigInteger? Find(string text, Arguments arguments, bool fromEnd)
    {
        string wanted = arguments.NextText("sub");
        string part = Part(text, arguments, out int offset);
        arguments.End();
        int index = fromEnd ? part.LastIndexOf(wanted, StringComparison.Ordinal) : part.IndexOf(wanted, StringComparison.Ordinal);
        return index < 0 || offset < 0 ? null : new BigInteger(offset + CodePoints.Count(part[..index]));
    }

    private static BigInteger Count(string text, Arguments arguments)
    {
        string wanted = arguments.NextText("sub");
        string part = Part(text, arguments, out _);
        arguments.End();
        if (wanted.Length == 0)
            return new BigInteger(CodePoints.Count(part) + 1);
        int count = 0;
        for (int at = 0; (at = part.IndexOf(wanted, at, StringComparison.Ordinal)) >= 0; at += wanted.Length)
            count++;
        return new BigInteger(count);
    }

    /// <summary>The part of the text that the optional arguments <c>start</c> and <c>end</c> mark.</summary>
    /// <param name="offset">Where it begins, in code points; −1 if that lies behind the text's end.</param>
    private static string Part(string text, Arguments arguments, out int offset)
    {
        object? start = arguments.Next("start", null);
        object? end = arguments.Next("end", null);
        offset = 0;
        if (start is null && end is null)
            return text;
        int count = CodePoints.Count(text);
        int first = start is null ? 0 : Numbers.ToIndex(start);
        offset = Math.Max(0, first < 0 ? first + count : first);
        if (offset > count)
            offset = -1;
        return offset < 0 ? "" : (string)Subscript.Slice(text, new BigInteger(offset), end, null, new Budget(long.MaxValue))!;
    }
}
