using System.Text.Json;

namespace LlamaEngine.AspNetCore.Replies;

/// <summary>Writes completions piece by piece.</summary>
/// <typeparam name="T">What is generated, step by step.</typeparam>
internal interface IChunks<T>
{
    /// <summary>What all took.</summary>
    Usage Usage { get; }

    /// <summary>What the engine gave in a step.</summary>
    CompletionUpdate UpdateOf(T piece);

    /// <summary>Whether a step and the next one can be said as one.</summary>
    bool Joins(T step, T next);

    /// <summary>Several steps as one, each of which joins the one before it.</summary>
    T Join(IReadOnlyList<T> steps);

    /// <summary>Pieces that a step makes; 0: it has nothing to say.</summary>
    int CountFor(T piece);

    /// <summary>Writes the next piece of a step.</summary>
    /// <param name="remaining">Pieces of the step that are left, this one included.</param>
    void Write(Utf8JsonWriter json, T piece, int remaining);

    /// <summary>Writes the last piece, which says what all took.</summary>
    void WriteUsage(Utf8JsonWriter json);
}
