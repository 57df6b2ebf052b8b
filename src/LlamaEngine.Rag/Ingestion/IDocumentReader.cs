namespace LlamaEngine.Rag;

/// <summary>Reads one kind of file. Implementations are thread-safe.</summary>
public interface IDocumentReader
{
    /// <summary>Whether a file of this name is of its kind; only the name is looked at.</summary>
    bool CanRead(string path);

    /// <summary>Reads a file's text.</summary>
    /// <param name="content">The file, read to its end; the caller disposes it.</param>
    /// <param name="path">Its path, for the title and for messages.</param>
    /// <exception cref="DocumentFormatException">The file is not what its name says: binary, or not text in UTF-8 or UTF-16.</exception>
    DocumentContent Read(Stream content, string path);
}
