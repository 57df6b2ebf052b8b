namespace LlamaEngine;

/// <summary>A snapshot of a context is damaged, truncated, of another version, or no snapshot at all.</summary>
public sealed class SnapshotFormatException : LlamaEngineException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="file">The file.</param>
    /// <param name="offset">Where in the file, in bytes; null where no single place is to blame.</param>
    /// <param name="problem">What is wrong, as a sentence without the file's name.</param>
    /// <param name="innerException">The cause, if another exception was.</param>
    public SnapshotFormatException(string file, long? offset, string problem, Exception? innerException = null)
        : base(offset is null ? $"{file}: {problem}" : $"{file}, offset {offset}: {problem}", innerException)
    {
        File = file;
        Offset = offset;
    }

    /// <summary>The file.</summary>
    public string File { get; }

    /// <summary>Offset in bytes of the damage; null where no single place is to blame.</summary>
    public long? Offset { get; }
}
