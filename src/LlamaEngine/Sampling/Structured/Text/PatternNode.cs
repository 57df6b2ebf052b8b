namespace LlamaEngine.Sampling.Structured.Text;

/// <summary>A part of a regular expression.</summary>
internal abstract record PatternNode
{
    /// <summary>One character of a set: ascending ranges that do not touch.</summary>
    internal sealed record Set((int First, int Last)[] Ranges) : PatternNode;

    /// <summary>One after the other; none: the empty text.</summary>
    internal sealed record Sequence(IReadOnlyList<PatternNode> Items) : PatternNode;

    /// <summary>One of several.</summary>
    internal sealed record Choice(IReadOnlyList<PatternNode> Items) : PatternNode;

    /// <summary>Again and again.</summary>
    /// <param name="Most"><see cref="int.MaxValue"/>: without end.</param>
    internal sealed record Repeat(PatternNode Item, int Least, int Most) : PatternNode;

    /// <summary>The start of the text.</summary>
    internal sealed record Start : PatternNode;

    /// <summary>The end of the text.</summary>
    internal sealed record End : PatternNode;
}

/// <summary>A pattern is malformed, or is not regular, or asks for what is not supported.</summary>
internal sealed class PatternException(string message) : Exception(message);
