using LlamaEngine.Formats;
using LlamaEngine.Formats.Gguf;
using LlamaEngine.Tokenization.Json;
using LlamaEngine.Tokenization.SentencePiece;
using LlamaEngine.Tokenization.Tiktoken;

namespace LlamaEngine.Tokenization;

/// <summary>Finds out what kind of file a tokenizer is in.</summary>
internal static class TokenizerFiles
{
    /// <summary>No tokenizer comes near; a file above it is something else.</summary>
    private const long LargestFile = 512L << 20;

    /// <summary>Loads a tokenizer from a file of any kind, or from a folder with one.</summary>
    public static Tokenizer Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string file = Directory.Exists(path) ? FindIn(path) : path;
        if (StartsLikeGguf(file))
            return LoadGguf(file);
        byte[] content = ReadAll(file);
        TokenizerConfig config = TokenizerConfig.ReadBeside(file);
        if (LooksLikeJson(content))
            return TokenizerJson.Read(file, content, config);
        return TiktokenFile.LooksLike(content)
            ? TiktokenTokenizer.Create(TiktokenFile.Read(file, content), config)
            : new SentencePieceTokenizer(file, SentencePieceFile.Read(file, content, config));
    }

    /// <summary>Reads a whole file, unless it is far larger than any tokenizer.</summary>
    public static byte[] ReadAll(string file)
    {
        long length = new FileInfo(file).Length;
        return length <= LargestFile
            ? File.ReadAllBytes(file)
            : throw new ModelFormatException(file, null, $"has {length} bytes, which no tokenizer has.");
    }

    private static Tokenizer LoadGguf(string path)
    {
        using MappedFile file = MappedFile.Open(path);
        return Tokenizer.FromGguf(GgufHeader.Read(file).Metadata);
    }

    private static string FindIn(string folder)
    {
        foreach (string name in (ReadOnlySpan<string>)["tokenizer.json", "tokenizer.model"])
        {
            if (File.Exists(Path.Combine(folder, name)))
                return Path.Combine(folder, name);
        }
        string[] models = Directory.GetFiles(folder, "*.gguf");
        return models.Length == 1
            ? models[0]
            : throw new FileNotFoundException($"{folder} has neither tokenizer.json nor tokenizer.model, nor one GGUF file.");
    }

    private static bool StartsLikeGguf(string file)
    {
        using FileStream stream = File.OpenRead(file);
        Span<byte> start = stackalloc byte[4];
        return stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length && start.SequenceEqual("GGUF"u8);
    }

    private static bool LooksLikeJson(ReadOnlySpan<byte> content)
    {
        if (content.StartsWith("\uFEFF"u8))
            content = content[3..];
        // SentencePiece models start with a line feed (field 1) too, so white space alone says nothing.
        return content.TrimStart(" \t\r\n"u8) is [(byte)'{', ..];
    }
}
