using Microsoft.Data.Sqlite;

namespace LlamaEngine.Rag.Tests.Conversations;

/// <summary>Conversations and turns come back as they went in, from a file as from memory.</summary>
public sealed class ConversationLogTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("conversations-").FullName;
    private readonly SteppingClock _clock = new();

    private string FilePath => Path.Combine(_folder, "conversations.db");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_turn_survives_the_process_with_everything_it_has()
    {
        ConversationTurn turn = Turn("What is a \"buoy\"?\n<b>Þ 🎈</b>", TurnStatus.Complete) with
        {
            Query = "buoy 🎈",
            Passages =
            [
                new CitedPassage(1, new Passage(7, "a/b.md", "Title", "One › Two", 12, 345, "Text with <script> and <|eot_id|>.", 9)),
                new CitedPassage(2, new Passage(long.MaxValue, "c.txt", "C", "", 1, 0, "x\0y", 1)),
            ],
            Cited = [2, 1],
            Usage = new AnswerUsage
            {
                PromptTokens = 100, ReusedTokens = 90, AnswerTokens = 8,
                Retrieval = TimeSpan.FromMilliseconds(1.25), FirstToken = TimeSpan.FromMilliseconds(17), Total = TimeSpan.FromSeconds(2),
            },
        };
        string id;
        using (ConversationLog log = Open())
        {
            id = log.Create().Id;
            log.Append(id, turn);
        }

        using ConversationLog again = Open();
        ConversationTurn read = Assert.Single(again.ReadTurns(id));
        Assert.Equal(turn.Passages, read.Passages);
        Assert.Equal(turn.Cited, read.Cited);
        Assert.Equal(turn, read with { Passages = turn.Passages, Cited = turn.Cited });
        Assert.Equal(1, again.Find(id)!.Turns);
    }

    [Theory]
    [InlineData(TurnStatus.Complete)]
    [InlineData(TurnStatus.Refused)]
    [InlineData(TurnStatus.Stopped)]
    [InlineData(TurnStatus.Failed)]
    public void Every_status_comes_back(TurnStatus status)
    {
        using ConversationLog log = ConversationLog.Open(null);
        string id = log.Create().Id;
        log.Append(id, Turn("q", status));
        Assert.Equal(status, Assert.Single(log.ReadTurns(id)).Status);
    }

    [Theory]
    [InlineData("\0")]
    [InlineData("before\0after")]
    [InlineData("'; DROP TABLE turns; --")]
    public void Text_that_means_something_elsewhere_is_only_text(string text)
    {
        using ConversationLog log = ConversationLog.Open(null);
        string id = log.Create(text.Trim('\0') + "t").Id;
        log.Append(id, Turn(text, TurnStatus.Complete) with { Text = text, Query = text });
        ConversationTurn read = Assert.Single(log.ReadTurns(id));
        Assert.Equal((text, text, text), (read.Question, read.Text, read.Query));
    }

    [Fact]
    public void The_conversation_that_was_last_added_to_comes_first_even_within_one_millisecond()
    {
        _clock.Step = TimeSpan.Zero;
        using ConversationLog log = Open();
        string[] ids = [.. Enumerable.Range(0, 5).Select(_ => log.Create().Id)];
        Assert.Equal([ids[4], ids[3], ids[2], ids[1], ids[0]], log.List().Select(one => one.Id));
        log.Append(ids[1], Turn("q", TurnStatus.Complete));
        log.Rename(ids[0], "renaming does not move it");
        Assert.Equal([ids[1], ids[4], ids[3], ids[2], ids[0]], log.List().Select(one => one.Id));
        Assert.Equal([ids[4], ids[3]], log.List(offset: 1, limit: 2).Select(one => one.Id));
        Assert.Empty(log.List(offset: 5));
        Assert.Equal(5, log.Count);
    }

    [Fact]
    public void Times_are_those_of_making_and_of_the_last_turn()
    {
        using ConversationLog log = Open();
        Conversation made = log.Create();
        Assert.Equal(made.Created, made.Updated);
        log.Append(made.Id, Turn("q", TurnStatus.Complete));
        Conversation found = log.Find(made.Id)!;
        Assert.Equal(made.Created, found.Created);
        Assert.Equal(made.Created + _clock.Step, found.Updated);
    }

    [Fact]
    public void The_first_question_names_the_conversation_unless_it_has_a_name()
    {
        using ConversationLog log = ConversationLog.Open(null);
        string unnamed = log.Create().Id, named = log.Create("  Mine ").Id;
        foreach (string id in new[] { unnamed, named })
        {
            log.Append(id, Turn("  First\n question ", TurnStatus.Complete));
            log.Append(id, Turn("Second", TurnStatus.Complete));
        }
        Assert.Equal("First question", log.Find(unnamed)!.Title);
        Assert.Equal("Mine", log.Find(named)!.Title);
        log.Rename(named, " Other ");
        Assert.Equal("Other", log.Find(named)!.Title);
    }

    [Theory]
    [InlineData(60, 60, false)]
    [InlineData(61, 60, true)]
    [InlineData(4000, 60, true)]
    public void A_title_of_one_long_word_is_cut_at_sixty(int length, int expected, bool isCut)
    {
        string title = ConversationTitle.Shorten(new string('x', length));
        Assert.Equal(expected, title.Length);
        Assert.Equal(isCut, title.EndsWith('…'));
    }

    [Fact]
    public void A_title_is_cut_between_words_and_never_within_a_character()
    {
        string words = string.Join(' ', Enumerable.Repeat("abcdefg", 20));
        Assert.Equal(string.Join(' ', Enumerable.Repeat("abcdefg", 7)) + "…", ConversationTitle.Shorten(words));
        string balloons = ConversationTitle.Shorten("x" + string.Concat(Enumerable.Repeat("🎈", 40)));
        Assert.DoesNotContain('\uFFFD', System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(balloons)));
        Assert.InRange(balloons.Length, 58, 60);
    }

    [Fact]
    public void What_is_deleted_is_gone_from_the_file_too()
    {
        const string Secret = "a-word-that-stands-nowhere-else";
        using (ConversationLog log = Open())
        {
            string id = log.Create().Id;
            log.Append(id, Turn(Secret, TurnStatus.Complete));
            Assert.True(log.Delete(id));
            Assert.False(log.Delete(id));
            Assert.Null(log.Find(id));
            Assert.Empty(log.List());
        }
        Assert.All(Directory.GetFiles(_folder), file => Assert.DoesNotContain(Secret, System.Text.Encoding.Latin1.GetString(File.ReadAllBytes(file))));
    }

    [Fact]
    public void A_conversation_that_is_not_there_is_an_error_that_names_it()
    {
        using ConversationLog log = ConversationLog.Open(null);
        Assert.Equal("x", Assert.Throws<ConversationNotFoundException>(() => log.ReadTurns("x")).Id);
        Assert.Throws<ConversationNotFoundException>(() => log.Append("x", Turn("q", TurnStatus.Complete)));
        Assert.Throws<ConversationNotFoundException>(() => log.Rename("x", "t"));
        Assert.Empty(log.ReadTurns(log.Create().Id));
    }

    [Fact]
    public void Arguments_out_of_range_are_refused()
    {
        using ConversationLog log = ConversationLog.Open(null);
        string id = log.Create().Id;
        Assert.Throws<ArgumentException>(() => log.Rename(id, " "));
        Assert.Throws<ArgumentOutOfRangeException>(() => log.List(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => log.List(0, 0));
    }

    [Fact]
    public void Files_that_are_no_such_log_are_refused_by_name_and_left_as_they_are()
    {
        string text = Path.Combine(_folder, "text.db"), other = Path.Combine(_folder, "other.db");
        File.WriteAllText(text, new string('x', 4096));
        using (var connection = new SqliteConnection($"Data Source={other};Pooling=False"))
        {
            connection.Open();
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = "CREATE TABLE t (x)";
            command.ExecuteNonQuery();
        }
        byte[] before = File.ReadAllBytes(other);
        Assert.Contains(text, Assert.Throws<ConversationLogException>(() => ConversationLog.Open(text)).Message, StringComparison.Ordinal);
        Assert.Contains("another program", Assert.Throws<ConversationLogException>(() => ConversationLog.Open(other)).Message, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(other));
        Assert.Throws<ConversationLogException>(() => ConversationLog.Open(Path.Combine(_folder, "missing", "c.db")));
    }

    [Fact]
    public void A_newer_version_of_the_file_is_refused()
    {
        Open().Dispose();
        using (var connection = new SqliteConnection($"Data Source={FilePath};Pooling=False"))
        {
            connection.Open();
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = "PRAGMA user_version = 2";
            command.ExecuteNonQuery();
        }
        Assert.Contains("version 2", Assert.Throws<ConversationLogException>(Open).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_logs_on_one_file_and_many_threads_lose_nothing()
    {
        using ConversationLog one = Open(), two = Open();
        string id = one.Create().Id;
        Parallel.For(0, 40, number => (number % 2 == 0 ? one : two).Append(id, Turn($"{number}", TurnStatus.Complete)));
        Assert.Equal(Enumerable.Range(0, 40), two.ReadTurns(id).Select(turn => int.Parse(turn.Question, System.Globalization.CultureInfo.InvariantCulture)).Order());
    }

    [Fact]
    public void A_disposed_log_says_so()
    {
        ConversationLog log = Open();
        log.Dispose();
        log.Dispose();
        Assert.Throws<ObjectDisposedException>(() => log.List());
    }

    private ConversationLog Open() => ConversationLog.Open(FilePath, _clock);

    private static ConversationTurn Turn(string question, TurnStatus status) => new() { Question = question, Text = "answer", Status = status };

    /// <summary>Goes on by one step each time it is read.</summary>
    private sealed class SteppingClock : TimeProvider
    {
        private long _reads;

        public TimeSpan Step { get; set; } = TimeSpan.FromMilliseconds(1);

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch + Step * Interlocked.Increment(ref _reads);
    }
}
