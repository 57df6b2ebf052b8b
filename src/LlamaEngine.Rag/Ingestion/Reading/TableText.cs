namespace LlamaEngine.Rag;

/// <summary>A table's rows as text.</summary>
/// <remarks>
/// With a row of headings a row reads "Name: Old Light; Built: 1871". It is found by the words of its column as well as its own, and understood where it
/// is quoted alone; "Old Light, 1871" is neither.
/// </remarks>
internal static class TableText
{
    /// <summary>A row under a row of headings; empty cells are left out, cells without a heading stand alone.</summary>
    public static string Row(IReadOnlyList<string> headings, IReadOnlyList<string> cells)
    {
        IEnumerable<string> parts = cells.Select((cell, i) => (Cell: CleanText.OneLine(cell), Heading: i < headings.Count ? CleanText.OneLine(headings[i]) : ""))
            .Where(part => part.Cell.Length > 0)
            .Select(part => part.Heading.Length > 0 ? $"{part.Heading.TrimEnd(':')}: {part.Cell}" : part.Cell);
        return string.Join("; ", parts);
    }

    /// <summary>A row of a table without headings.</summary>
    public static string Row(IReadOnlyList<string> cells) =>
        string.Join(", ", cells.Select(cell => CleanText.OneLine(cell)).Where(cell => cell.Length > 0));
}
