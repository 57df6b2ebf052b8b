using System.Text;

namespace LlamaEngine.Rag.Tests.Ingestion;

/// <summary>Reads texts as files.</summary>
internal static class ReaderHelp
{
    public static DocumentContent Read(string path, string text) => Read(path, Encoding.UTF8.GetBytes(text));

    public static DocumentContent Read(string path, byte[] bytes) => DocumentReaders.Default.Read(new MemoryStream(bytes), path);

    /// <summary>Each block as "line|heading|text".</summary>
    public static string[] Blocks(string path, string text) => [.. Read(path, text).Blocks.Select(block => $"{block.Line}|{block.Heading}|{block.Text}")];

    /// <summary>The blocks' texts.</summary>
    public static string[] Texts(string path, string text) => [.. Read(path, text).Blocks.Select(block => block.Text)];
}
