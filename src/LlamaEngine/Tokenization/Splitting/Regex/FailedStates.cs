namespace LlamaEngine.Tokenization.Splitting.Regex;

/// <summary>Remembers which states of a search (instruction and position) have been tried, in pages that are made when needed.</summary>
/// <param name="instructions">Length of the program.</param>
/// <param name="positions">Length of the text.</param>
internal sealed class FailedStates(int instructions, int positions)
{
    private const int PositionsInPage = 256;

    private readonly ulong[]?[] _pages = new ulong[]?[positions / PositionsInPage + 1];

    /// <summary>Notes a state; false if it was noted before.</summary>
    public bool TryAdd(int instruction, int position)
    {
        ulong[] page = _pages[position / PositionsInPage] ??= new ulong[(PositionsInPage * instructions + 63) / 64];
        int state = position % PositionsInPage * instructions + instruction;
        ref ulong word = ref page[state / 64];
        ulong bit = 1ul << state % 64;
        bool isNew = (word & bit) == 0;
        word |= bit;
        return isNew;
    }
}
