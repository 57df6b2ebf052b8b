using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using LlamaEngine.Rag;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Benchmarks;

/// <summary>
/// How long passages take to be found as a folder grows: 10 to 10,000 chunks in a database file, the questions of the sample folder, the five best
/// passages with their coverage. Chunks are random sentences of the sample folder, in which some words are invented names, so that the vocabulary
/// grows as it does in a real folder. Run from the repository's root.
/// </summary>
internal static partial class RetrievalBenchmark
{
    private const int ChunksOfDocument = 20, SentencesOfChunk = 6, NamesOfChunk = 4, Rounds = 5;
    private const string Folder = "samples/RagChatbot/documents", Questions = "tests/LlamaEngine.Rag.Tests/Data/retrieval.json";

    /// <summary>Prints a table of the 50th and 95th percentile in milliseconds.</summary>
    /// <param name="model">Whose vectors.</param>
    /// <param name="most">The greatest size.</param>
    public static async Task RunAsync(string model, int most)
    {
        using InferenceEngine engine = InferenceEngine.Create(model);
        using WordEmbeddingGenerator words = new(engine.AsEmbeddingGenerator());
        string[] sentences = [.. Directory.GetFiles(Folder).Order(StringComparer.Ordinal).SelectMany(Sentences)];
        string[] questions = [.. JsonDocument.Parse(File.ReadAllText(Questions)).RootElement.EnumerateArray().Select(one => one.GetProperty("question").GetString()!)];
        Console.WriteLine($"{engine.Model.Name}, vectors of {engine.Model.Configuration.HiddenSize} numbers, {questions.Length} questions x {Rounds}; milliseconds, 50th / 95th percentile");
        Console.WriteLine($"embedding a question: {await EmbedAsync(engine, questions)} with new words, {await EmbedAsync(words, questions)} with known words");
        Console.WriteLine("| chunks | text | vectors | fused | fused with embedding | a document of 20 chunks in place of another | file |");
        Console.WriteLine("|---|---|---|---|---|---|---|");
        string file = Path.Combine(Directory.CreateTempSubdirectory("retrieval-").FullName, "index.db");
        try
        {
            using DocumentIndex index = DocumentIndex.Open(file, "benchmark");
            Random random = new(1);
            Precomputed known = await Precomputed.OfAsync(words, questions);
            for (int size = 10; size <= most; size *= 10)
            {
                while (index.ChunkCount < size)
                    await PutAsync(index, words, sentences, random, index.ChunkCount / ChunksOfDocument, Math.Min(ChunksOfDocument, size - index.ChunkCount));
                string text = await SearchAsync(new(index, known), questions, RetrievalMode.Text), vectors = await SearchAsync(new(index, known), questions, RetrievalMode.Vectors);
                string fused = await SearchAsync(new(index, known), questions, RetrievalMode.Fused), all = await SearchAsync(new(index, words), questions, RetrievalMode.Fused);
                Console.WriteLine($"| {index.ChunkCount:N0} | {text} | {vectors} | {fused} | {all} | {await ReplaceAsync(index, words, sentences, random)} | {new FileInfo(file).Length / 1048576.0:F1} MiB |");
            }
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
        }
    }

    private static async Task PutAsync(DocumentIndex index, WordEmbeddingGenerator words, string[] sentences, Random random, int number, int chunks)
    {
        (ChunkedDocument document, GeneratedEmbeddings<Embedding<float>> vectors) = await MakeAsync(words, sentences, random, number, chunks);
        index.Replace($"{number}.md", "hash", document, vectors);
    }

    private static async Task<(ChunkedDocument, GeneratedEmbeddings<Embedding<float>>)> MakeAsync(
        WordEmbeddingGenerator words, string[] sentences, Random random, int number, int chunks)
    {
        string[] texts = [.. Enumerable.Range(0, chunks).Select(_ => string.Join(' ', Enumerable.Range(0, SentencesOfChunk).Select(i =>
            i < NamesOfChunk ? $"{sentences[random.Next(sentences.Length)]} So said {Name(random)}." : sentences[random.Next(sentences.Length)])))];
        ChunkedDocument document = new($"Document {number}", string.Join("\n\n", texts), [.. texts.Select((text, i) => new Chunk(text, $"Part {i}", i + 1, 0, 120))]);
        return (document, await words.GenerateAsync(texts));
    }

    // A few names are frequent and most are rare, as words are.
    private static string Name(Random random)
    {
        int rank = (int)Math.Exp(random.NextDouble() * Math.Log(8000));
        string[] parts = ["bar", "cor", "den", "fal", "gor", "hal", "jor", "kel", "lam", "mor", "nor", "pel", "ros", "sal", "tor", "ven", "win", "yar", "zel", "och"];
        return $"{char.ToUpperInvariant(parts[rank % 20][0])}{parts[rank % 20][1..]}{parts[rank / 20 % 20]}{parts[rank / 400 % 20]}";
    }

    private static async Task<string> SearchAsync(Retriever retriever, string[] questions, RetrievalMode mode) =>
        await TimeAsync(questions, question => retriever.SearchAsync(question, new RetrievalOptions { Mode = mode }));

    private static async Task<string> EmbedAsync(WordEmbeddingGenerator words, string[] questions) => await TimeAsync(questions, question => words.GenerateAsync([question]));

    private static async Task<string> EmbedAsync(InferenceEngine engine, string[] questions) =>
        await TimeAsync(questions, question => new WordEmbeddingGenerator(engine.AsEmbeddingGenerator()).GenerateAsync([question]));

    private static async Task<string> ReplaceAsync(DocumentIndex index, WordEmbeddingGenerator words, string[] sentences, Random random)
    {
        List<double> times = [];
        for (int i = 0; i < 40; i++)
        {
            int number = random.Next((index.ChunkCount + ChunksOfDocument - 1) / ChunksOfDocument);
            (ChunkedDocument document, GeneratedEmbeddings<Embedding<float>> vectors) = await MakeAsync(words, sentences, random, number, Math.Min(ChunksOfDocument, index.ChunkCount));
            long start = Stopwatch.GetTimestamp();
            index.Replace($"{number}.md", "hash", document, vectors);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        return Percentiles(times);
    }

    private static async Task<string> TimeAsync(string[] questions, Func<string, Task> action)
    {
        List<double> times = [];
        for (int round = 0; round <= Rounds; round++)
        {
            foreach (string question in questions)
            {
                long start = Stopwatch.GetTimestamp();
                await action(question);
                if (round > 0) // the first compiles
                    times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
        }
        return Percentiles(times);
    }

    private static string Percentiles(List<double> times)
    {
        times.Sort();
        return $"{times[times.Count / 2]:F2} / {times[times.Count * 95 / 100]:F2}";
    }

    private static IEnumerable<string> Sentences(string file) =>
        SentenceEnd().Split(Markup().Replace(File.ReadAllText(file), " ")).Select(sentence => sentence.Trim()).Where(sentence => sentence.Length > 20);

    [GeneratedRegex(@"<[^>]*>|[#*|_>-]+|\s+")]
    private static partial Regex Markup();

    [GeneratedRegex(@"(?<=[.!?])\s+")]
    private static partial Regex SentenceEnd();

    /// <summary>The questions' vectors, computed before: what is left is the search.</summary>
    private sealed class Precomputed : IEmbeddingGenerator<string, Embedding<float>>
    {
        private readonly Dictionary<string, Embedding<float>> _vectors = [];

        public static async Task<Precomputed> OfAsync(WordEmbeddingGenerator words, string[] questions)
        {
            Precomputed all = new();
            GeneratedEmbeddings<Embedding<float>> vectors = await words.GenerateAsync(questions);
            for (int i = 0; i < questions.Length; i++)
                all._vectors[questions[i]] = vectors[i];
            return all;
        }

        public Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
            IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default) =>
            Task.FromResult(new GeneratedEmbeddings<Embedding<float>>(values.Select(value => _vectors[value])));

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose()
        {
        }
    }
}
