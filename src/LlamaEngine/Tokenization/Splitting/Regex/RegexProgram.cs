namespace LlamaEngine.Tokenization.Splitting.Regex;

/// <summary>What an instruction does.</summary>
internal enum RegexOperation : byte
{
    /// <summary>Takes a character of the set.</summary>
    Take,

    /// <summary>Takes characters of the set, as many as there are between two bounds, and gives none back.</summary>
    TakeAll,

    /// <summary>Goes on if the next character is of the set.</summary>
    Expect,

    /// <summary>Goes on if the next character is not of the set, or there is none.</summary>
    Reject,

    /// <summary>Tries the first target, and the second if that fails. A jump has one target twice.</summary>
    Try,

    /// <summary>Has found a match.</summary>
    Accept,
}

/// <summary>An instruction.</summary>
/// <param name="First">First target, or how many characters at least.</param>
/// <param name="Second">Second target, or how many characters at most (−1: any number).</param>
internal readonly record struct RegexInstruction(RegexOperation Operation, CharacterSet? Set = null, int First = 0, int Second = 0);

/// <summary>Compiles a pattern to instructions for a backtracking machine (Thompson, 1968; Cox, 2009).</summary>
internal sealed class RegexProgram
{
    private const int LongestProgram = 400;

    private readonly List<RegexInstruction> _instructions = [];

    /// <summary>Compiles a pattern.</summary>
    /// <exception cref="UnsupportedModelException">The pattern is not supported, or too large.</exception>
    public static RegexInstruction[] Compile(string pattern)
    {
        var program = new RegexProgram();
        program.Add(RegexParser.Parse(pattern));
        program.Emit(new RegexInstruction(RegexOperation.Accept));
        return [.. program._instructions];
    }

    private int Next => _instructions.Count;

    private void Add(Node node)
    {
        switch (node)
        {
            case SetNode one:
                Emit(new RegexInstruction(RegexOperation.Take, one.Set));
                break;
            case PossessiveNode all:
                Emit(new RegexInstruction(RegexOperation.TakeAll, all.Set, all.Minimum, all.Maximum));
                break;
            case LookAheadNode look:
                Emit(new RegexInstruction(look.IsNegative ? RegexOperation.Reject : RegexOperation.Expect, look.Set));
                break;
            case SequenceNode sequence:
                foreach (Node part in sequence.Parts)
                    Add(part);
                break;
            case ChoiceNode choice:
                AddChoice(choice.Options);
                break;
            case RepeatNode repeat:
                AddRepeat(repeat);
                break;
        }
    }

    private void AddChoice(IReadOnlyList<Node> options)
    {
        List<int> jumps = [];
        for (int i = 0; i < options.Count; i++)
        {
            bool isLast = i == options.Count - 1;
            int fork = isLast ? -1 : Emit(default);
            Add(options[i]);
            if (isLast)
                break;
            jumps.Add(Emit(default));
            _instructions[fork] = Fork(fork + 1, Next);
        }
        foreach (int jump in jumps)
            _instructions[jump] = Fork(Next, Next);
    }

    private void AddRepeat(RepeatNode repeat)
    {
        for (int i = 0; i < repeat.Minimum; i++)
            Add(repeat.Body);
        if (repeat.Maximum < 0)
            AddLoop(repeat);
        else
            AddOptional(repeat, repeat.Maximum - repeat.Minimum);
    }

    private void AddLoop(RepeatNode repeat)
    {
        int fork = Emit(default);
        Add(repeat.Body);
        Emit(Fork(fork, fork));
        _instructions[fork] = Fork(fork + 1, Next, repeat.IsLazy);
    }

    private void AddOptional(RepeatNode repeat, int times)
    {
        List<int> forks = [];
        for (int i = 0; i < times; i++)
        {
            forks.Add(Emit(default));
            Add(repeat.Body);
        }
        foreach (int fork in forks)
            _instructions[fork] = Fork(fork + 1, Next, repeat.IsLazy);
    }

    private static RegexInstruction Fork(int body, int behind, bool isLazy = false) => isLazy
        ? new RegexInstruction(RegexOperation.Try, null, behind, body)
        : new RegexInstruction(RegexOperation.Try, null, body, behind);

    private int Emit(RegexInstruction instruction)
    {
        if (Next == LongestProgram)
            throw new UnsupportedModelException($"a split pattern of more than {LongestProgram} steps", "shorter patterns");
        _instructions.Add(instruction);
        return Next - 1;
    }
}
