namespace LlamaEngine.Tokenization.Splitting.Regex;

/// <summary>A part of a regular expression.</summary>
internal abstract record Node;

/// <summary>One character of a set.</summary>
internal sealed record SetNode(CharacterSet Set) : Node;

/// <summary>Parts one after another.</summary>
internal sealed record SequenceNode(IReadOnlyList<Node> Parts) : Node;

/// <summary>The first of several that matches.</summary>
internal sealed record ChoiceNode(IReadOnlyList<Node> Options) : Node;

/// <summary>A part several times.</summary>
/// <param name="Maximum">−1: without an end.</param>
/// <param name="IsLazy">As few times as possible; otherwise as many.</param>
internal sealed record RepeatNode(Node Body, int Minimum, int Maximum, bool IsLazy) : Node;

/// <summary>A character as often as possible, of which nothing is given back (possessive).</summary>
/// <param name="Maximum">−1: without an end.</param>
internal sealed record PossessiveNode(CharacterSet Set, int Minimum, int Maximum) : Node;

/// <summary>The next character is one of a set (or is not, or there is none), but is not taken.</summary>
internal sealed record LookAheadNode(CharacterSet Set, bool IsNegative) : Node;
