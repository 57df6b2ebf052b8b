using System.Text.Json;

namespace LlamaEngine.AspNetCore.Replies;

/// <summary>Writes completions piece by piece.</summary>
internal interface IChunks
{
    /// <summary>What all took.</summary>
    Usage Usage { get; }

    /// <summary>Pieces that an update makes; 0: it has nothing to say.</summary>
    int CountFor(CompletionUpdate update);

    /// <summary>Writes the next piece of an update.</summary>
    /// <param name="remaining">Pieces of the update that are left, this one included.</param>
    void Write(Utf8JsonWriter json, CompletionUpdate update, int remaining);

    /// <summary>Writes the last piece, which says what all took.</summary>
    void WriteUsage(Utf8JsonWriter json);
}
