using System.Runtime.CompilerServices;

namespace LlamaEngine.Sampling.Structured.Automaton;

/// <summary>
/// One place in JSON that is being written, inside the places around it: a stack whose top this is. Numbers A, B and C mean what the
/// <see cref="Part"/> has them mean.
/// </summary>
/// <remarks>Immutable and thread-safe; equal by value, so that what is known of a place is found again.</remarks>
internal sealed class Frame : IEquatable<Frame>
{
    private readonly int _hash;

    /// <summary>Creates a frame.</summary>
    public Frame(Part part, Frame? parent, int depth, int a = 0, int b = 0, int c = 0, NameSet? names = null, string? key = null)
    {
        (Part, Parent, Depth, A, B, C, Names, Key) = (part, parent, depth, a, b, c, names, key);
        _hash = HashCode.Combine(RuntimeHelpers.GetHashCode(part), a, b, c, names, key, parent);
    }

    /// <summary>What stands here.</summary>
    public Part Part { get; }

    /// <summary>What it stands in; null: it is the whole.</summary>
    public Frame? Parent { get; }

    /// <summary>Arrays and objects that are open.</summary>
    public int Depth { get; }

    /// <summary>The part's own.</summary>
    public int A { get; }

    /// <summary>The part's own.</summary>
    public int B { get; }

    /// <summary>The part's own.</summary>
    public int C { get; }

    /// <summary>The names of an object so far; null: none.</summary>
    public NameSet? Names { get; }

    /// <summary>What is known of the name that is being written; null: it need not be known.</summary>
    public string? Key { get; }

    /// <summary>The same place with other numbers.</summary>
    public Frame With(int a, int b, int c) =>
        a == A && b == B && c == C ? this : new Frame(Part, Parent, Depth, a, b, c, Names, Key);

    /// <summary>The same place, whatever is around it; equal for all places that differ in that alone.</summary>
    public Frame Alone() =>
        Parent is null ? this : new Frame(Part, AroundPart.At(Parent.Depth), Depth, A, B, C, Names, Key);

    /// <inheritdoc/>
    public bool Equals(Frame? other)
    {
        Frame? own = this;
        while (!ReferenceEquals(own, other))
        {
            if (own is null || other is null || !own.EqualsAlone(other))
                return false;
            (own, other) = (own.Parent, other.Parent);
        }
        return true;
    }

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Frame);

    /// <inheritdoc/>
    public override int GetHashCode() => _hash;

    private bool EqualsAlone(Frame other) =>
        _hash == other._hash && Part == other.Part && Depth == other.Depth && A == other.A && B == other.B && C == other.C
        && Key == other.Key && Equals(Names, other.Names);
}
