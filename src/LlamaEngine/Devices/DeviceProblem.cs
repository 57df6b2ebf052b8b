namespace LlamaEngine.Devices;

/// <summary>Something about this process's devices that is not as it should be.</summary>
/// <param name="What">What is wrong, as a sentence.</param>
/// <param name="Remedy">What to do about it, as a sentence.</param>
internal sealed record DeviceProblem(string What, string Remedy)
{
    private const int MostShown = 80;

    /// <summary>Text from outside in quotes, as it may stand in a message: cut where it is long, and nothing in it that moves a terminal's cursor.</summary>
    public static string Quote(string text)
    {
        string shown = text.Length <= MostShown ? text : text[..MostShown] + "…";
        return "'" + string.Concat(shown.Select(character => char.IsControl(character) ? '\uFFFD' : character)) + "'";
    }
}
