namespace LlamaEngine.Sampling.Structured.Automaton;

/// <summary>
/// White space between two tokens of JSON: nothing, or one space or tab, or one line break with at most four columns of indentation a level.
/// </summary>
/// <remarks>
/// That is what people and System.Text.Json write, compactly or indented by up to four columns. The grammar of JSON allows any
/// amount, but a model that has begun to write spaces may well go on with them for ever. A state is an int: 0: nothing yet; 1: one
/// space; 2 + n: a line break and n columns.
/// </remarks>
internal static class WhiteSpace
{
    private const int Columns = 4, LineBreak = 2;

    /// <summary>The state behind a byte; negative: it is no white space, or too much of it.</summary>
    /// <param name="depth">Arrays and objects that are open.</param>
    public static int Next(int state, byte next, int depth)
    {
        int columns = next switch
        {
            (byte)' ' => 1,
            (byte)'\t' => Columns,
            _ => 0,
        };
        if (columns == 0)
            return next == '\n' && state == 0 ? LineBreak : -1;
        if (state == 0)
            return 1;
        return state >= LineBreak && state - LineBreak + columns <= Columns * depth ? state + columns : -1;
    }
}
