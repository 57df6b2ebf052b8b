namespace LlamaEngine.AspNetCore;

/// <summary>A data folder, or a log of results, cannot be used: another process has it, or something in it is damaged.</summary>
/// <remarks>The message says which file, what is wrong, and what to do.</remarks>
public sealed class DataFolderException : IOException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="message">What is wrong with it.</param>
    /// <param name="innerException">The cause, if another exception was.</param>
    public DataFolderException(string path, string message, Exception? innerException = null)
        : base(message, innerException)
    {
        Path = path;
    }

    /// <summary>The file or folder.</summary>
    public string Path { get; }
}
