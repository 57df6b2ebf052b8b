namespace LlamaEngine;

/// <summary>A snapshot is sound, but was not made by an engine like this one: its keys and values would mean something else here.</summary>
public sealed class SnapshotMismatchException : LlamaEngineException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="file">The snapshot.</param>
    /// <param name="what">What differs, for example <c>KV type</c>.</param>
    /// <param name="found">What the snapshot has.</param>
    /// <param name="expected">What the engine has.</param>
    public SnapshotMismatchException(string file, string what, string found, string expected)
        : base($"{file} does not fit this engine: the {what} of the snapshot is {found}, that of the engine {expected}.")
    {
        File = file;
        What = what;
        Found = found;
        Expected = expected;
    }

    /// <summary>The snapshot.</summary>
    public string File { get; }

    /// <summary>What differs.</summary>
    public string What { get; }

    /// <summary>What the snapshot has.</summary>
    public string Found { get; }

    /// <summary>What the engine has.</summary>
    public string Expected { get; }
}
