using System.Text.Json.Nodes;
using LlamaEngine.Tokenization;

namespace LlamaEngine.Rag.Tests.Ingestion;

/// <summary>The sample's documents, read and cut as the sample does it.</summary>
public sealed class SampleFolderTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "documents");
    private static readonly Tokenizer Tokenizer = Tokenizer.Load(Path.Combine(AppContext.BaseDirectory, "models", "lexicon-5m-q8_0.gguf"));

    [Theory]
    [InlineData("retrieval.json", 60)]
    [InlineData("answers.json", 40)]
    public void Every_answers_sentence_stands_whole_in_a_chunk(string file, int count)
    {
        JsonArray questions = JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Data", file)))!.AsArray();
        Assert.True(questions.Count >= count);
        Dictionary<string, ChunkedDocument> documents = questions.Select(question => (string)question!["document"]!).Distinct().ToDictionary(path => path, Read);

        string[] missing = [.. questions.Where(question => !documents[(string)question!["document"]!].Chunks.Any(chunk => chunk.Text.Contains((string)question["sentence"]!)))
            .Select(question => $"{question!["document"]}: {question["sentence"]}")];
        Assert.Empty(missing);
    }

    [Fact]
    public void Every_file_is_read()
    {
        string[] files = [.. Directory.GetFiles(Folder, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(Folder, file))];
        Assert.True(files.Length >= 10);
        foreach (string file in files)
        {
            ChunkedDocument document = Read(file);
            Assert.True(document.Chunks.Count > 0 && document.Chunks.All(chunk => chunk.Tokens <= 200), file);
        }
    }

    private static ChunkedDocument Read(string path)
    {
        using FileStream stream = File.OpenRead(Path.Combine(Folder, path));
        return Chunker.Split(DocumentReaders.Default.Read(stream, path), new ChunkOptions(), text => Tokenizer.Encode(text).Length);
    }
}
