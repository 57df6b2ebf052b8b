using System.Buffers;

namespace LlamaEngine.Tokenization.Splitting.Regex;

/// <summary>
/// A split pattern given as a regular expression. Works on code points of UTF-8, which .NET's own expressions do not, and
/// with bounded effort: once a search takes long, it remembers which states have failed and tries none twice, so that its
/// time grows with the length of the text times that of the pattern.
/// </summary>
internal sealed class RegexPattern : SplitPattern
{
    /// <summary>Most searches are over before it pays to remember anything.</summary>
    private const int StepsBeforeRemembering = 4096;

    private readonly RegexInstruction[] _program;

    /// <summary>Compiles a pattern.</summary>
    /// <exception cref="UnsupportedModelException">It has something that is not implemented.</exception>
    public RegexPattern(string pattern) => _program = RegexProgram.Compile(pattern);

    /// <inheritdoc/>
    public override bool TryFind(ReadOnlySpan<byte> text, int from, out int start, out int end)
    {
        var search = new Search(_program, text, from);
        end = from;
        for (start = from; start < text.Length; start += LengthAt(text, start))
        {
            end = search.Run(start);
            // A match of nothing cuts nothing.
            if (end > start)
                break;
        }
        search.Dispose();
        return start < text.Length;
    }

    private static int LengthAt(ReadOnlySpan<byte> text, int index)
    {
        CodePointClasses.Decode(text, index, out int length);
        return length;
    }

    /// <summary>One search: the alternatives that are still open, and the states that are known to fail.</summary>
    private ref struct Search(RegexInstruction[] program, ReadOnlySpan<byte> text, int from)
    {
        private readonly ReadOnlySpan<byte> _text = text;
        private (int Instruction, int Position)[] _open = ArrayPool<(int, int)>.Shared.Rent(64);
        private int _openCount;
        private int _steps;
        private FailedStates? _failed;

        public readonly void Dispose() => ArrayPool<(int, int)>.Shared.Return(_open);

        /// <summary>Where the match that starts at <paramref name="start"/> ends; −1 if there is none.</summary>
        public int Run(int start)
        {
            _openCount = 0;
            Open(0, start);
            while (_openCount > 0)
            {
                (int instruction, int position) = _open[--_openCount];
                int end = Follow(instruction, position);
                if (end >= 0)
                    return end;
            }
            return -1;
        }

        private int Follow(int next, int position)
        {
            while (true)
            {
                ref readonly RegexInstruction instruction = ref program[next++];
                switch (instruction.Operation)
                {
                    case RegexOperation.Accept:
                        return position;
                    case RegexOperation.Try:
                        if (HasFailed(next - 1, position))
                            return -1;
                        if (instruction.Second != instruction.First)
                            Open(instruction.Second, position);
                        next = instruction.First;
                        break;
                    case RegexOperation.TakeAll:
                        position = TakeAll(instruction, position);
                        if (position < 0)
                            return -1;
                        break;
                    default:
                        if (Matches(instruction.Set!, position, out int length) == (instruction.Operation == RegexOperation.Reject))
                            return -1;
                        position += instruction.Operation == RegexOperation.Take ? length : 0;
                        break;
                }
            }
        }

        private readonly int TakeAll(in RegexInstruction instruction, int position)
        {
            int count = 0;
            while (count != instruction.Second && Matches(instruction.Set!, position, out int length))
            {
                position += length;
                count++;
            }
            return count >= instruction.First ? position : -1;
        }

        private readonly bool Matches(CharacterSet set, int position, out int length)
        {
            length = 0;
            return position < _text.Length && set.Contains(CodePointClasses.Decode(_text, position, out length));
        }

        // Whether a state leads to a match depends on nothing before it, so what failed once fails from any start. A state
        // that is met again while it is being tried is a loop that takes nothing: it leads nowhere new.
        private bool HasFailed(int instruction, int position)
        {
            if (++_steps < StepsBeforeRemembering)
                return false;
            _failed ??= new FailedStates(program.Length, _text.Length - from + 1);
            return !_failed.TryAdd(instruction, position - from);
        }

        private void Open(int instruction, int position)
        {
            if (_openCount == _open.Length)
            {
                (int, int)[] larger = ArrayPool<(int, int)>.Shared.Rent(_openCount * 2);
                _open.CopyTo(larger, 0);
                ArrayPool<(int, int)>.Shared.Return(_open);
                _open = larger;
            }
            _open[_openCount++] = (instruction, position);
        }
    }
}
