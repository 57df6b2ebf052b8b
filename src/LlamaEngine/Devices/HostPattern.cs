using System.Globalization;
using System.Text;

namespace LlamaEngine.Devices;

/// <summary>One entry of a host list: texts and brackets of numbers in turn, the texts one more.</summary>
internal sealed class HostPattern
{
    private readonly List<string> _texts = [];
    private readonly List<List<string>> _brackets = [];

    private HostPattern(int position) => Position = position;

    /// <summary>Where the entry stands in its list.</summary>
    public int Position { get; }

    /// <summary>Names that the entry stands for, at most <see cref="HostList.MaxNames"/>.</summary>
    public int Count { get; private set; } = 1;

    /// <summary>Reads one entry, and moves the position to the comma behind it or to the end.</summary>
    public static HostPattern Parse(string text, ref int position)
    {
        HostPattern pattern = new(position);
        pattern._texts.Add(PlainText(text, ref position));
        while (position < text.Length && text[position] == '[')
        {
            pattern.Add(Bracket.Parse(text, ref position));
            pattern._texts.Add(PlainText(text, ref position));
        }
        if (position == pattern.Position)
            throw new HostListException(HostListFault.EmptyName, position);
        return pattern;
    }

    /// <summary>The name at a place from 0 to <see cref="Count"/> − 1.</summary>
    public string Name(int index)
    {
        var numbers = new string[_brackets.Count];
        // The last bracket varies fastest, then the others from the left.
        for (int turn = 0; turn < numbers.Length; turn++)
        {
            int bracket = turn == 0 ? numbers.Length - 1 : turn - 1;
            numbers[bracket] = _brackets[bracket][index % _brackets[bracket].Count];
            index /= _brackets[bracket].Count;
        }
        StringBuilder name = new(_texts[0]);
        for (int i = 0; i < numbers.Length; i++)
            name.Append(numbers[i]).Append(_texts[i + 1]);
        return name.Length <= HostList.MaxNameLength ? name.ToString() : throw new HostListException(HostListFault.NameTooLong, Position);
    }

    // Refused before the names are made: a few brackets multiply to more than memory holds.
    private void Add(List<string> bracket)
    {
        _brackets.Add(bracket);
        if ((long)Count * bracket.Count > HostList.MaxNames)
            throw new HostListException(HostListFault.TooManyNames, Position);
        Count *= bracket.Count;
    }

    private static string PlainText(string text, ref int position)
    {
        int start = position;
        for (; position < text.Length && text[position] is not (',' or '['); position++)
        {
            if (text[position] == ']')
                throw new HostListException(HostListFault.UnexpectedBracket, position);
            if (char.IsWhiteSpace(text[position]) || char.IsControl(text[position]))
                throw new HostListException(HostListFault.ForbiddenCharacter, position);
        }
        // Refused here rather than name by name: a text of a megabyte before a bracket of thousands would be copied as often.
        return position - start <= HostList.MaxNameLength
            ? text[start..position]
            : throw new HostListException(HostListFault.NameTooLong, start);
    }

    /// <summary>The numbers between a pair of brackets, as they are written in names.</summary>
    private static class Bracket
    {
        public static List<string> Parse(string text, ref int position)
        {
            List<string> numbers = [];
            int start = position;
            do
            {
                position++; // the bracket or the comma
                AddRange(text, ref position, numbers);
            }
            while (position < text.Length && text[position] == ',');
            if (position == text.Length)
                throw new HostListException(HostListFault.UnclosedBracket, start);
            if (text[position] != ']')
                throw new HostListException(text[position] == '[' ? HostListFault.UnexpectedBracket : HostListFault.MissingNumber, position);
            position++;
            return numbers;
        }

        // A number, or first-last.
        private static void AddRange(string text, ref int position, List<string> numbers)
        {
            int start = position;
            long first = ReadNumber(text, ref position), last = first;
            int width = position - start;
            if (position < text.Length && text[position] == '-')
            {
                position++;
                last = ReadNumber(text, ref position);
            }
            if (last < first)
                throw new HostListException(HostListFault.ReversedRange, start);
            if (last - first >= HostList.MaxNames - numbers.Count)
                throw new HostListException(HostListFault.TooManyNames, start);
            for (long number = first; number <= last; number++)
                numbers.Add(number.ToString(CultureInfo.InvariantCulture).PadLeft(width, '0'));
        }

        private static long ReadNumber(string text, ref int position)
        {
            int start = position;
            long number = 0;
            for (; position < text.Length && char.IsAsciiDigit(text[position]); position++)
            {
                if (position - start == HostList.MaxDigits)
                    throw new HostListException(HostListFault.NumberTooLong, start);
                number = number * 10 + (text[position] - '0');
            }
            if (position > start)
                return number;
            throw new HostListException(position == text.Length ? HostListFault.UnclosedBracket : HostListFault.MissingNumber, position);
        }
    }
}
