namespace LlamaEngine.Fuzz;

/// <summary>What a run over one target found.</summary>
/// <param name="Target">Name of the target.</param>
/// <param name="Inputs">Inputs tried.</param>
/// <param name="Accepted">Inputs that were read without complaint.</param>
/// <param name="Refused">Inputs that a typed exception refused.</param>
/// <param name="Slowest">Time of the slowest input.</param>
/// <param name="LargestAllocation">Most managed bytes that one input allocated.</param>
/// <param name="HeapGrowth">Growth of the managed heap after the warm-up, in bytes.</param>
/// <param name="ResidentGrowth">Growth of the resident set after the warm-up, in bytes.</param>
/// <param name="Violations">What went against the rules.</param>
internal sealed record FuzzResult(
    string Target, int Inputs, int Accepted, int Refused, TimeSpan Slowest, long LargestAllocation,
    long HeapGrowth, long ResidentGrowth, IReadOnlyList<FuzzViolation> Violations);

/// <summary>An input, or a whole run, that went against the rules.</summary>
/// <param name="Kind">A short name such as <c>exception</c> or <c>slow</c>.</param>
/// <param name="Index">Number of the input; −1 where no single one is to blame.</param>
/// <param name="Input">The input; empty where no single one is to blame.</param>
/// <param name="Details">What happened, with the stack trace of an exception.</param>
internal sealed record FuzzViolation(string Kind, int Index, byte[] Input, string Details);
