namespace LlamaEngine.Sampling.Structured.Schemas;

/// <summary>
/// Bounds what compiling one schema may take: a short schema can ask for a very large automaton, and whoever sends it should not be able to
/// occupy a processor for minutes. A unit is about a microsecond.
/// </summary>
/// <param name="cancellation">Ends it before.</param>
internal sealed class CompileBudget(CancellationToken cancellation = default)
{
    private const long All = 4_000_000;

    private long _left = All;

    /// <summary>What was taken so far.</summary>
    public int Spent => (int)(All - _left);

    /// <summary>Takes some of it.</summary>
    /// <exception cref="UnsupportedSchemaException">There is not so much left.</exception>
    /// <exception cref="OperationCanceledException">Nobody waits for it any more.</exception>
    public void Spend(long units)
    {
        cancellation.ThrowIfCancellationRequested();
        _left -= units;
        if (_left < 0)
            throw new UnsupportedSchemaException("", "", "compiling it takes too long: it has too many alternatives, names, or states of patterns and numbers.");
    }
}
