using Microsoft.Data.Sqlite;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Rag.Tests.Storage;

public sealed class DocumentIndexTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("index-tests-").FullName;

    private string File => Path.Combine(_folder, "index.db");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Gives_back_what_was_put_in(bool inMemory)
    {
        using DocumentIndex index = DocumentIndex.Open(inMemory ? null : File, "a");
        index.Put("b/two.md", Samples.Document("Two", "The lamp is lit.", "The keeper sleeps at noon.", "Nobody rows."));
        index.Put("a.md", Samples.Document("One", "Herring is salted in October."), seed: 2);

        Assert.Equal([new IndexedDocument("a.md", "One", "hash-2", 1), new IndexedDocument("b/two.md", "Two", "hash-1", 3)], index.Documents);
        Assert.Equal(4, index.ChunkCount);
        Assert.Equal("The lamp is lit.\n\nThe keeper sleeps at noon.\n\nNobody rows.", index.ReadText("b/two.md"));
        Assert.Null(index.ReadText("c.md"));
        long id = index.Read(view => view.SearchText(view.WordsOf("keeper"), 10)).Single();
        Assert.Equal(new Passage(id, "b/two.md", "Two", "About Two", 2, 18, "The keeper sleeps at noon.", 5), index.Find(id));
        Assert.Null(index.Find(id + 100));
    }

    [Fact]
    public void A_document_that_is_replaced_or_removed_leaves_nothing_behind()
    {
        using (DocumentIndex index = DocumentIndex.Open(File, "a"))
        {
            index.Put("a.md", Samples.Document("One", "Herring is salted.", "Kelp is dried."));
            index.Put("b.md", Samples.Document("Two", "The lamp is lit."), seed: 2);
            long old = index.Read(view => view.SearchText(view.WordsOf("herring"), 10)).Single();
            index.Put("a.md", Samples.Document("Uno", "Mackerel is smoked."), seed: 3);

            AssertGone(index, old);
            Assert.Equal(["Mackerel is smoked."], index.FindTexts("mackerel"));
            Assert.True(index.Remove("b.md"));
            Assert.False(index.Remove("b.md"));
            AssertGone(index, old);
        }
        using DocumentIndex reopened = DocumentIndex.Open(File, "a");
        AssertGone(reopened, id: 1);
        Assert.Equal(["Mackerel is smoked."], reopened.FindTexts("mackerel"));
        Assert.Equal(["a.md"], reopened.Documents.Select(document => document.Path));

        static void AssertGone(DocumentIndex index, long id)
        {
            Assert.Empty(index.FindTexts("herring kelp"));
            Assert.Empty(index.FindTexts("salted"));
            Assert.Empty(index.FindTexts("One"));
            Assert.Null(index.Find(id));
            Assert.Null(index.Read(view => view.Vectors.Compare(new float[8], standardized: false)).Of(id));
            Assert.Equal(index.ChunkCount, index.Read(view => view.Vectors.Count));
        }
    }

    [Fact]
    public void The_full_text_index_agrees_with_the_passages_after_many_changes_and_the_file_forgets()
    {
        Random random = new(5);
        using (DocumentIndex index = DocumentIndex.Open(File, "a"))
        {
            for (int i = 0; i < 300; i++)
            {
                string path = $"{random.Next(20)}.md";
                if (random.Next(3) == 0)
                    index.Remove(path);
                else
                    index.Put(path, Samples.Document($"Title{i}", [.. Enumerable.Range(0, random.Next(4)).Select(j => $"Sëcret{i} word{j} — of document {path}; \"quoted\" NEAR(this)")]), i);
            }
            foreach (IndexedDocument document in index.Documents)
                index.Remove(document.Path);
            Assert.Equal(0, index.ChunkCount);
            index.Put("z.md", Samples.Document("Last", "All that is left."));
        }
        using SqliteConnection connection = new($"Data Source={File};Pooling=False");
        connection.Open();
        // SQLite's own check: throws where the index and the text that it stands for differ.
        connection.Execute("INSERT INTO words(words, rank) VALUES ('integrity-check', 1)");
        Assert.Equal("ok", connection.Scalar("PRAGMA integrity_check"));
        Assert.Empty(connection.Rows(row => row.GetString(0), "PRAGMA foreign_key_check"));
        Assert.Equal(1L, connection.Scalar("SELECT count(*) FROM vectors"));
        connection.Dispose();
        Assert.DoesNotContain("Sëcret", System.Text.Encoding.UTF8.GetString(System.IO.File.ReadAllBytes(File)));
    }

    [Fact]
    public void Ids_are_never_used_again()
    {
        long first;
        using (DocumentIndex index = DocumentIndex.Open(File, "a"))
        {
            index.Put("a.md", Samples.Document("One", "Herring."));
            first = index.Read(view => view.SearchText(view.WordsOf("herring"), 1)).Single();
            index.Remove("a.md");
        }
        using DocumentIndex other = DocumentIndex.Open(File, "b");
        other.Put("a.md", Samples.Document("One", "Herring."));
        Assert.True(other.Read(view => view.SearchText(view.WordsOf("herring"), 1)).Single() > first);
    }

    [Fact]
    public void Another_fingerprint_empties_and_the_same_keeps()
    {
        using (DocumentIndex index = DocumentIndex.Open(File, "a"))
            index.Put("a.md", Samples.Document("One", "Herring is salted."));
        using (DocumentIndex index = DocumentIndex.Open(File, "a"))
            Assert.Equal(1, index.ChunkCount);
        using DocumentIndex emptied = DocumentIndex.Open(File, "b");
        Assert.Equal(0, emptied.ChunkCount);
        Assert.Empty(emptied.Documents);
        Assert.Empty(emptied.FindTexts("herring"));
        // Vectors of another length are welcome now.
        emptied.Replace("a.md", "h", Samples.Document("One", "Herring is salted."), Samples.Vectors(1, 5, 1));
        Assert.Equal(5, emptied.Read(view => view.Vectors.Dimensions));
    }

    [Fact]
    public void Refuses_what_is_no_database()
    {
        System.IO.File.WriteAllText(File, string.Concat(Enumerable.Repeat("This is a letter and no database at all. ", 50)));
        string before = System.IO.File.ReadAllText(File);
        IndexFormatException exception = Assert.Throws<IndexFormatException>(() => DocumentIndex.Open(File, "a"));
        Assert.Contains(File, exception.Message, StringComparison.Ordinal);
        Assert.Contains("no SQLite database", exception.Message, StringComparison.Ordinal);
        Assert.Equal(before, System.IO.File.ReadAllText(File));
    }

    [Fact]
    public void Refuses_a_database_of_another_program_and_leaves_it_as_it_is()
    {
        using (SqliteConnection connection = new($"Data Source={File};Pooling=False"))
        {
            connection.Open();
            connection.Execute("CREATE TABLE documents(id); INSERT INTO documents VALUES (7);");
        }
        Assert.Contains("another program", Assert.Throws<IndexFormatException>(() => DocumentIndex.Open(File, "a")).Message, StringComparison.Ordinal);
        using SqliteConnection again = new($"Data Source={File};Pooling=False");
        again.Open();
        Assert.Equal(7L, again.Scalar("SELECT id FROM documents"));
    }

    [Fact]
    public void Refuses_another_version_of_the_schema()
    {
        DocumentIndex.Open(File, "a").Dispose();
        using (SqliteConnection connection = new($"Data Source={File};Pooling=False"))
        {
            connection.Open();
            connection.Execute("UPDATE meta SET value = 2 WHERE key = 'schema'");
        }
        Assert.Contains("another version", Assert.Throws<IndexFormatException>(() => DocumentIndex.Open(File, "a")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Refuses_a_damaged_database_whatever_page_is_damaged()
    {
        using (DocumentIndex index = DocumentIndex.Open(File, "a"))
        {
            for (int i = 0; i < 40; i++)
                index.Put($"{i}.md", Samples.Document($"Title {i}", [.. Enumerable.Range(0, 20).Select(j => $"Herring number {i * 20 + j} is salted by keeper {j}.")]), i);
        }
        byte[] whole = System.IO.File.ReadAllBytes(File);
        int refused = 0;
        for (int page = 0; page < whole.Length / 4096; page += 3)
        {
            byte[] damaged = [.. whole];
            new Random(page).NextBytes(damaged.AsSpan(page * 4096, 4096));
            System.IO.File.WriteAllBytes(File, damaged);
            try
            {
                using DocumentIndex index = DocumentIndex.Open(File, "a");
                index.FindTexts("herring keeper");
                index.Put("1.md", Samples.Document("New", "Mackerel."));
            }
            catch (IndexFormatException exception)
            {
                Assert.Contains(File, exception.Message, StringComparison.Ordinal);
                refused++;
            }
        }
        Assert.InRange(refused, 5, int.MaxValue);
    }

    [Fact]
    public void Refuses_a_path_that_cannot_be_a_file() => Assert.ThrowsAny<IOException>(() => DocumentIndex.Open(_folder, "a"));

    [Fact]
    public void Refuses_vectors_that_do_not_fit()
    {
        using DocumentIndex index = DocumentIndex.Open(null, "a");
        ChunkedDocument two = Samples.Document("One", "Herring.", "Kelp.");
        Assert.Contains("2, not 1", Assert.Throws<ArgumentException>(() => index.Replace("a.md", "h", two, Samples.Vectors(1, 8, 1))).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => index.Replace("a.md", "h", two, [new(new float[3]), new(new float[4])]));
        Assert.Throws<ArgumentException>(() => index.Replace("a.md", "h", two, [new(new float[3]), new(new[] { 1, float.NaN, 0 })]));
        Assert.Throws<ArgumentException>(() => index.Replace("a.md", "h", two, [new(Array.Empty<float>()), new(Array.Empty<float>())]));
        index.Put("a.md", two);
        index.Put("b.md", two);
        ArgumentException exception = Assert.Throws<ArgumentException>(() => index.Replace("b.md", "h", two, Samples.Vectors(2, 9, 1)));
        Assert.Contains("9 numbers, those of the index 8", exception.Message, StringComparison.Ordinal);
        // What was refused has changed nothing.
        Assert.Equal(4, index.ChunkCount);
        Assert.Equal(4, index.Read(view => view.Vectors.Count));
        Assert.Equal(2, index.FindTexts("herring").Count);
        // The only document may come back with vectors of another length.
        index.Remove("b.md");
        index.Replace("a.md", "h", two, Samples.Vectors(2, 9, 1));
        Assert.Equal(9, index.Read(view => view.Vectors.Dimensions));
    }

    /// <summary>Positions count characters, so that none may get lost; half a character comes back as the one that stands for it.</summary>
    [Theory]
    [InlineData("Nul\0nul lamp", "Nul\0nul lamp")]
    [InlineData("🙂 lamp é́ \u2028 \r\n end", "🙂 lamp é́ \u2028 \r\n end")]
    [InlineData("half HALF lamp", "half \ufffd lamp")]
    public void Texts_come_back_character_for_character(string text, string expected)
    {
        // An attribute cannot hold half a character.
        text = text.Replace("HALF", "\ud83d", StringComparison.Ordinal);
        using DocumentIndex index = DocumentIndex.Open(File, "a");
        index.Put("a.md", Samples.Document("One", text));
        Assert.Equal([expected], index.FindTexts("lamp"));
        Assert.Equal(expected, index.ReadText("a.md"));
        index.Put("a.md", Samples.Document("One", "oar"), 2);
        Assert.Empty(index.FindTexts("lamp nul half"));
    }

    [Fact]
    public void A_document_without_chunks_is_a_document()
    {
        using DocumentIndex index = DocumentIndex.Open(null, "a");
        index.Replace("empty.txt", "h", new ChunkedDocument("Empty", "", []), []);
        Assert.Equal([new IndexedDocument("empty.txt", "Empty", "h", 0)], index.Documents);
        Assert.Equal("", index.ReadText("empty.txt"));
    }

    [Fact]
    public void Two_indexes_on_one_file_see_each_others_changes()
    {
        using DocumentIndex one = DocumentIndex.Open(File, "a");
        using DocumentIndex two = DocumentIndex.Open(File, "a");
        one.Put("a.md", Samples.Document("One", "Herring is salted."));
        Assert.Equal(["Herring is salted."], two.FindTexts("herring"));
        two.Put("b.md", Samples.Document("Two", "Kelp is dried."), 2);
        one.Put("c.md", Samples.Document("Three", "Oars are tarred."), 3);
        foreach (DocumentIndex index in (DocumentIndex[])[one, two])
        {
            Assert.Equal(3, index.ChunkCount);
            Assert.Equal(3, index.Read(view => view.Vectors.Count));
        }
    }

    [Fact]
    public void Nothing_works_after_disposal()
    {
        DocumentIndex index = DocumentIndex.Open(File, "a");
        index.Dispose();
        Assert.Throws<ObjectDisposedException>(() => index.ChunkCount);
        Assert.Throws<ObjectDisposedException>(() => index.Remove("a.md"));
        index.Dispose();
        // The file is free, and the journal is folded into it.
        Assert.Equal([File], Directory.GetFiles(_folder));
    }

    /// <summary>Each version of the document has one chunk more or less; a reader has to see exactly one version, and always one.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Readers_see_one_version_or_the_next_while_a_writer_writes(bool inMemory)
    {
        using DocumentIndex index = DocumentIndex.Open(inMemory ? null : File, "a");
        const int Versions = 120;
        Write(0);
        Task writer = Task.Run(() =>
        {
            for (int version = 1; version <= Versions; version++)
                Write(version);
        }, TestContext.Current.CancellationToken);
        int[] last = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(ReadUntilTheLast)));
        await writer;
        Assert.All(last, version => Assert.Equal(Versions, version));

        void Write(int version) => index.Put(
            "a.md", Samples.Document($"v{version}", [.. Enumerable.Range(0, version % 7 + 1).Select(i => $"Herring version {version} piece {i}")]), version);

        int ReadUntilTheLast()
        {
            int version = 0;
            while (version < Versions)
            {
                (List<Passage> passages, int vectors, int chunks) = index.Read(view =>
                    (view.SearchText(view.WordsOf("herring"), 100).ConvertAll(id => view.Find(id)!), view.Vectors.Count, view.Chunks));
                int seen = int.Parse(passages[0].Title[1..], System.Globalization.CultureInfo.InvariantCulture);
                Assert.All(passages, passage => Assert.Equal($"v{seen}", passage.Title));
                Assert.Equal(seen % 7 + 1, passages.Count);
                Assert.Equal(passages.Count, vectors);
                Assert.Equal(passages.Count, chunks);
                Assert.True(seen >= version);
                version = seen;
            }
            return version;
        }
    }
}
