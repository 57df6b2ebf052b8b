using System.Diagnostics;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Rag.Tests.Ingestion;

public sealed class FolderIngestionTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ingestion-").FullName;
    private readonly DocumentIndex _index = DocumentIndex.Open(null, "test");
    private readonly Recorder _embedder = new();

    public void Dispose()
    {
        _index.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Only_what_changed_is_read_again()
    {
        Write("a.md", "# Alpha\nFirst.\n\n## Part\nSecond.");
        Write("sub/b.txt", "Third.");
        Write("c.html", "<p>Fourth.");
        IngestionReport first = await RunAsync();
        Assert.Equal(["a.md", "c.html", "sub/b.txt"], first.Added);
        Assert.Equal(["Alpha\nFirst.", "Alpha › Part\nSecond.", "Fourth.", "Third."], _embedder.TakeTexts());
        Assert.Equal("Third.", _index.ReadText("sub/b.txt"));

        IngestionReport same = await RunAsync();
        Assert.Equal(3, same.Unchanged);
        Assert.Empty(same.Added.Concat(same.Changed).Concat(same.Removed));
        Assert.Empty(_embedder.TakeTexts());

        Write("sub/b.txt", "Other.");
        File.Delete(Path.Combine(_folder, "c.html"));
        File.Move(Path.Combine(_folder, "a.md"), Path.Combine(_folder, "sub", "renamed.md"));
        IngestionReport changed = await RunAsync();
        Assert.Equal(["sub/renamed.md"], changed.Added);
        Assert.Equal(["sub/b.txt"], changed.Changed);
        Assert.Equal(["a.md", "c.html"], changed.Removed.Order());
        Assert.Equal(0, changed.Unchanged);
        Assert.Equal(["sub/b.txt", "sub/renamed.md"], _index.Documents.Select(document => document.Path));
        Assert.Equal("Other.", _index.ReadText("sub/b.txt"));
    }

    [Fact]
    public async Task Content_decides_and_not_the_files_date()
    {
        Write("a.txt", "Same.");
        await RunAsync();
        Write("a.txt", "Same.");
        File.SetLastWriteTimeUtc(Path.Combine(_folder, "a.txt"), new DateTime(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Assert.Equal(1, (await RunAsync()).Unchanged);
        DateTime written = File.GetLastWriteTimeUtc(Path.Combine(_folder, "a.txt"));
        Write("a.txt", "Sane.");
        File.SetLastWriteTimeUtc(Path.Combine(_folder, "a.txt"), written);
        Assert.Equal(["a.txt"], (await RunAsync()).Changed);
    }

    [Fact]
    public async Task What_cannot_be_read_is_reported_and_its_old_version_stays()
    {
        Write("a.txt", "Old.");
        Write("b.txt", "Good.");
        await RunAsync();

        File.WriteAllBytes(Path.Combine(_folder, "a.txt"), [0x61, 0xFF]);
        Write("c.pdf", "%PDF");
        Write("d.txt", new string('x', 2001));
        Write("e.docx", "?");
        IngestionReport report = await RunAsync(new IngestionOptions { MaxFileBytes = 2000 });
        Assert.Equal(["a.txt", "c.pdf", "d.txt"], report.Failed.Select(failure => failure.Path));
        Assert.Contains("UTF-8", report.Failed[0].Message);
        Assert.Contains("PDF", report.Failed[1].Message);
        Assert.Contains("2,000 bytes", report.Failed[2].Message);
        Assert.Equal((1, 1), (report.Unchanged, report.Ignored));
        Assert.Equal("Old.", _index.ReadText("a.txt"));

        Write("a.txt", "New.");
        Assert.Equal(["a.txt"], (await RunAsync()).Changed);
        Assert.Equal("New.", _index.ReadText("a.txt"));
    }

    [Fact]
    public async Task A_readers_error_of_any_kind_concerns_its_file_only()
    {
        Write("a.odd", "");
        Write("b.txt", "Good.");
        IngestionReport report = await RunAsync(new IngestionOptions { Readers = new DocumentReaders([new OddReader()]) });
        Assert.Equal([new IngestionFailure("a.odd", "Odd.")], report.Failed);
        Assert.Equal(["b.txt"], report.Added);
    }

    [Fact]
    public async Task Hidden_files_and_links_that_lead_outside_are_passed_over()
    {
        string outside = Directory.CreateTempSubdirectory("outside-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(outside, "secret.txt"), "Secret.");
            Write("real/a.txt", "Real.");
            Write(".hidden/b.txt", "Hidden.");
            Write(".c.txt", "Hidden.");
            Directory.CreateSymbolicLink(Path.Combine(_folder, "away"), outside);
            Directory.CreateSymbolicLink(Path.Combine(_folder, "real", "circle"), _folder);
            File.CreateSymbolicLink(Path.Combine(_folder, "direct.txt"), Path.Combine(outside, "secret.txt"));
            File.CreateSymbolicLink(Path.Combine(_folder, "winding.txt"), "away/secret.txt");
            File.CreateSymbolicLink(Path.Combine(_folder, "dangling.txt"), "nowhere.txt");
            File.CreateSymbolicLink(Path.Combine(_folder, "self.txt"), "self.txt");
            File.CreateSymbolicLink(Path.Combine(_folder, "within.txt"), ".hidden/b.txt");

            IngestionReport report = await RunAsync();
            Assert.Equal(["real/a.txt", "within.txt"], report.Added);
            Assert.Equal(4, report.Ignored);
            Assert.Empty(report.Failed);
            Assert.Equal("Hidden.", _index.ReadText("within.txt"));

            // A folder that is itself reached through a link.
            string link = Path.Combine(outside, "link");
            Directory.CreateSymbolicLink(link, _folder);
            Assert.Equal(2, (await RunAsync(folder: link)).Unchanged);
        }
        finally
        {
            Directory.Delete(outside, recursive: true);
        }
    }

    [Fact]
    public async Task A_pipe_is_not_waited_for()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no pipes among its files.");
        using (Process process = Process.Start("mkfifo", Path.Combine(_folder, "pipe.txt"))) await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(["pipe.txt"], (await RunAsync()).Added);
        Assert.Equal(0, _index.ChunkCount);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_looked_into_keeps_its_documents()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The test takes a folder's rights away as Unix does.");
        Write("sub/a.txt", "Kept.");
        Write("b.txt", "Gone.");
        await RunAsync();
        string sub = Path.Combine(_folder, "sub");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(sub, UnixFileMode.None);
        try
        {
            Assert.SkipWhen(Record.Exception(() => Directory.GetFiles(sub)) is null, "This user may read everything.");
            File.Delete(Path.Combine(_folder, "b.txt"));
            IngestionReport report = await RunAsync();
            Assert.Equal("sub/", Assert.Single(report.Failed).Path);
            Assert.Equal(["b.txt"], report.Removed);
            Assert.Equal("Kept.", _index.ReadText("sub/a.txt"));
        }
        finally
        {
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(sub, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    [Fact]
    public async Task A_missing_folder_is_an_error_and_removes_nothing()
    {
        Write("a.txt", "Kept.");
        await RunAsync();
        await Assert.ThrowsAsync<DirectoryNotFoundException>(() => RunAsync(folder: Path.Combine(_folder, "nowhere")));
        await Assert.ThrowsAsync<DirectoryNotFoundException>(() => RunAsync(folder: Path.Combine(_folder, "a.txt")));
        Assert.Equal("Kept.", _index.ReadText("a.txt"));
    }

    [Fact]
    public async Task A_cancelled_run_leaves_whole_documents_and_the_next_goes_on()
    {
        for (int i = 0; i < 5; i++)
            Write($"{i}.txt", string.Join("\n\n", Enumerable.Range(0, 9).Select(part => $"Sentence {part} of {i}, which is long enough.")));
        IngestionOptions options = new() { BatchSize = 2, Chunks = new ChunkOptions { MaxTokens = 16, OverlapTokens = 0 } };
        using CancellationTokenSource cancellation = new();
        Seen progress = new(step =>
        {
            if (step.Chunks > 0 && step.Done == 2 && step.Current == "2.txt")
                cancellation.Cancel();
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RunAsync(options, progress: progress, cancellationToken: cancellation.Token));
        Assert.Equal(["0.txt", "1.txt"], _index.Documents.Select(document => document.Path));
        Assert.All(_index.Documents, document => Assert.Equal(5, document.Chunks));

        IngestionReport report = await RunAsync(options);
        Assert.Equal((3, 2), (report.Added.Count, report.Unchanged));
        Assert.Equal(25, _index.ChunkCount);
    }

    [Fact]
    public async Task Progress_goes_from_the_first_file_to_the_last()
    {
        Write("a.txt", "One.");
        Write("b.txt", "Two.\n\nThree.");
        List<IngestionProgress> steps = [];
        await RunAsync(progress: new Seen(steps.Add));
        Assert.Equal([new(0, 2, "a.txt", 0), new(0, 2, "a.txt", 1), new(1, 2, "b.txt", 1), new(1, 2, "b.txt", 2), new IngestionProgress(2, 2, null, 2)], steps);
    }

    [Theory]
    [InlineData(1, new[] { 1, 1, 1, 1, 1 })]
    [InlineData(2, new[] { 2, 2, 1 })]
    [InlineData(5, new[] { 5 })]
    [InlineData(6, new[] { 5 })]
    public async Task Chunks_are_embedded_in_batches(int size, int[] batches)
    {
        Write("a.txt", string.Join("\n\n", Enumerable.Range(0, 5).Select(i => $"Part {i} has as many as nine words in it.")));
        await RunAsync(new IngestionOptions { BatchSize = size, Chunks = new ChunkOptions { MaxTokens = 16, OverlapTokens = 0 } });
        Assert.Equal(batches, _embedder.Batches);
    }

    [Fact]
    public async Task A_generator_that_fails_ends_the_run_and_a_text_too_long_for_it_does_not()
    {
        Write("a.txt", "One.");
        Write("b.txt", "Two.");
        _embedder.Failure = text => text == "One." ? new ContextLengthExceededException(3, 2) : null;
        IngestionReport report = await RunAsync();
        Assert.Equal([new IngestionFailure("a.txt", new ContextLengthExceededException(3, 2).Message)], report.Failed);
        Assert.Equal(["b.txt"], report.Added);

        _embedder.Failure = _ => new HttpRequestException("Gone.");
        await Assert.ThrowsAsync<HttpRequestException>(() => RunAsync());
        Assert.Equal(["b.txt"], _index.Documents.Select(document => document.Path));
    }

    [Fact]
    public async Task Runs_at_the_same_time_wait_for_each_other()
    {
        Write("a.txt", "One.");
        FolderIngestion ingestion = new(_index, _embedder, Words);
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        IngestionReport[] reports = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => ingestion.RunAsync(_folder, cancellationToken: cancellationToken)));
        Assert.Equal((1, 3), (reports.Sum(report => report.Added.Count), reports.Sum(report => report.Unchanged)));
    }

    [Fact]
    public void Fingerprints_tell_models_and_chunks_apart()
    {
        IngestionOptions options = new();
        string[] all =
        [
            options.Fingerprint("a"), options.Fingerprint("b"), (options with { Chunks = new ChunkOptions { MaxTokens = 100 } }).Fingerprint("a"),
            (options with { Chunks = new ChunkOptions { OverlapTokens = 0 } }).Fingerprint("a"),
        ];
        Assert.Equal(4, all.Distinct().Count());
        Assert.Equal(options.Fingerprint("a"), (options with { BatchSize = 1 }).Fingerprint("a"));
        Assert.Throws<ArgumentOutOfRangeException>(() => new FolderIngestion(_index, _embedder, Words, new IngestionOptions { BatchSize = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new FolderIngestion(_index, _embedder, Words, new IngestionOptions { MaxFileBytes = 0 }));
    }

    private static int Words(string text) => text.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries).Length;

    private void Write(string path, string text)
    {
        string file = Path.Combine(_folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }

    private Task<IngestionReport> RunAsync(
        IngestionOptions? options = null, string? folder = null, IProgress<IngestionProgress>? progress = null, CancellationToken? cancellationToken = null) =>
        new FolderIngestion(_index, _embedder, Words, options).RunAsync(folder ?? _folder, progress, cancellationToken ?? TestContext.Current.CancellationToken);

    private sealed class Seen(Action<IngestionProgress> see) : IProgress<IngestionProgress>
    {
        public void Report(IngestionProgress value) => see(value);
    }

    private sealed class OddReader : IDocumentReader
    {
        public bool CanRead(string path) => path.EndsWith(".odd", StringComparison.Ordinal);

        public DocumentContent Read(Stream content, string path) => throw new InvalidCastException("Odd.");
    }

    /// <summary>Remembers what it was asked for.</summary>
    private sealed class Recorder : IEmbeddingGenerator<string, Embedding<float>>
    {
        private List<string> _texts = [];

        public List<int> Batches { get; } = [];

        public Func<string, Exception?>? Failure { get; set; }

        public List<string> TakeTexts()
        {
            List<string> texts = _texts;
            _texts = [];
            return texts;
        }

        public Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
            IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
        {
            string[] texts = [.. values];
            if (texts.Select(text => Failure?.Invoke(text)).FirstOrDefault(failure => failure is not null) is { } exception)
                throw exception;
            _texts.AddRange(texts);
            Batches.Add(texts.Length);
            return Task.FromResult(new GeneratedEmbeddings<Embedding<float>>(texts.Select(text => new Embedding<float>(new float[] { 1, text.Length }))));
        }

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose()
        {
        }
    }
}
