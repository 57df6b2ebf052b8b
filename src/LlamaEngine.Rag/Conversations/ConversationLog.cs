using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace LlamaEngine.Rag;

/// <summary>Conversations and their turns, in an SQLite file that outlives the process.</summary>
/// <remarks>
/// Thread-safe. Each call is one transaction: a turn is in the log whole or not at all. Members throw <see cref="ConversationLogException"/> where the
/// file cannot be read or written, and <see cref="ConversationNotFoundException"/> where a conversation is named that is not there.
/// </remarks>
public sealed class ConversationLog : IDisposable
{
    private const string ConversationRows =
        "SELECT id, title, created, updated, (SELECT count(*) FROM turns WHERE conversation = conversations.id) FROM conversations";

    private readonly ConversationDatabase _database;
    private readonly TimeProvider _clock;

    private ConversationLog(ConversationDatabase database, TimeProvider clock) => (_database, _clock) = (database, clock);

    /// <summary>Opens a log, making it where there is none.</summary>
    /// <param name="path">The file; its folder must be there. Null: in memory, gone when this is disposed.</param>
    /// <param name="clock">What time it is; null: the system's.</param>
    /// <exception cref="ConversationLogException">The file is no such log, is one of a newer version, or cannot be opened.</exception>
    public static ConversationLog Open(string? path, TimeProvider? clock = null) => new(new ConversationDatabase(path), clock ?? TimeProvider.System);

    /// <summary>Makes a conversation without turns.</summary>
    /// <param name="title">What it is called; null: its first question, shortened.</param>
    public Conversation Create(string? title = null)
    {
        string id = Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(16));
        return _database.Transact(connection =>
        {
            Execute(connection,
                "INSERT INTO conversations (id, title, created, updated, change) VALUES ($id, $title, $now, $now, (SELECT ifnull(max(change), 0) + 1 FROM conversations))",
                ("$id", id), ("$title", title?.Trim() ?? ""), ("$now", Now));
            return Find(connection, id)!;
        });
    }

    /// <summary>Conversations, the one that was last added to first.</summary>
    /// <param name="offset">How many to pass over; at least 0.</param>
    /// <param name="limit">At most so many; at least 1.</param>
    public IReadOnlyList<Conversation> List(int offset = 0, int limit = 100)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        return _database.Transact(connection =>
            Read(connection, $"{ConversationRows} ORDER BY change DESC LIMIT $limit OFFSET $offset", ReadConversation, ("$limit", limit), ("$offset", offset)));
    }

    /// <summary>How many conversations there are.</summary>
    public int Count => _database.Transact(connection => Read(connection, "SELECT count(*) FROM conversations", row => row.GetInt32(0))[0]);

    /// <summary>A conversation; null: there is none of that id.</summary>
    public Conversation? Find(string id) => _database.Transact(connection => Find(connection, id));

    /// <summary>A conversation's turns, oldest first.</summary>
    /// <exception cref="ConversationNotFoundException">There is no such conversation.</exception>
    public IReadOnlyList<ConversationTurn> ReadTurns(string id) => _database.Transact(connection =>
    {
        List<ConversationTurn> turns = Read(connection, "SELECT * FROM turns WHERE conversation = $id ORDER BY number", ReadTurn, ("$id", id));
        return turns.Count > 0 || Find(connection, id) is not null ? (IReadOnlyList<ConversationTurn>)turns : throw new ConversationNotFoundException(id);
    });

    /// <summary>Adds a turn at the end. The first one gives the conversation its title, if it has none.</summary>
    /// <exception cref="ConversationNotFoundException">There is no such conversation.</exception>
    public void Append(string id, ConversationTurn turn) => _database.Transact(connection =>
    {
        int found = Execute(connection,
            """
            UPDATE conversations SET updated = $now, change = (SELECT max(change) + 1 FROM conversations), title = iif(title = '', $title, title)
            WHERE id = $id
            """,
            ("$id", id), ("$now", Now), ("$title", ConversationTitle.Shorten(turn.Question)));
        if (found == 0)
            throw new ConversationNotFoundException(id);
        return Execute(connection,
            """
            INSERT INTO turns (conversation, question, answer, status, query, passages, cited, usage)
            VALUES ($id, $question, $answer, $status, $query, $passages, $cited, $usage)
            """,
            ("$id", id), ("$question", turn.Question), ("$answer", turn.Text), ("$status", NameOf(turn.Status)), ("$query", turn.Query),
            ("$passages", JsonSerializer.Serialize(turn.Passages, ConversationJson.Default.IReadOnlyListCitedPassage)),
            ("$cited", JsonSerializer.Serialize(turn.Cited, ConversationJson.Default.IReadOnlyListInt32)),
            ("$usage", JsonSerializer.Serialize(turn.Usage, ConversationJson.Default.AnswerUsage)));
    });

    /// <summary>Gives a conversation another title.</summary>
    /// <exception cref="ArgumentException">The title is empty.</exception>
    /// <exception cref="ConversationNotFoundException">There is no such conversation.</exception>
    public void Rename(string id, string title)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(title);
        _database.Transact(connection => Execute(connection, "UPDATE conversations SET title = $title WHERE id = $id", ("$id", id), ("$title", title.Trim())) == 1
            ? true
            : throw new ConversationNotFoundException(id));
    }

    /// <summary>Takes a conversation and its turns out, and overwrites them in the file; false: there was none of that id.</summary>
    public bool Delete(string id) => _database.Transact(connection => Execute(connection, "DELETE FROM conversations WHERE id = $id", ("$id", id)) == 1);

    /// <inheritdoc/>
    public void Dispose() => _database.Dispose();

    private long Now => _clock.GetUtcNow().ToUnixTimeMilliseconds();

    private static Conversation? Find(SqliteConnection connection, string id) =>
        Read(connection, $"{ConversationRows} WHERE id = $id", ReadConversation, ("$id", id)) is [var found] ? found : null;

    private static Conversation ReadConversation(SqliteDataReader row) => new(
        row.GetString(0), row.GetString(1), DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(2)),
        DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(3)), row.GetInt32(4));

    // The columns stand in the order of the table: number, conversation, question, answer, status, query, passages, cited, usage.
    private static ConversationTurn ReadTurn(SqliteDataReader row) => new()
    {
        Question = row.GetString(2),
        Text = row.GetString(3),
        Status = StatusOf(row.GetString(4)),
        Query = row.GetString(5),
        Passages = JsonSerializer.Deserialize(row.GetString(6), ConversationJson.Default.IReadOnlyListCitedPassage)!,
        Cited = JsonSerializer.Deserialize(row.GetString(7), ConversationJson.Default.IReadOnlyListInt32)!,
        Usage = JsonSerializer.Deserialize(row.GetString(8), ConversationJson.Default.AnswerUsage)!,
    };

    private static string NameOf(TurnStatus status) => status switch
    {
        TurnStatus.Complete => "complete",
        TurnStatus.Refused => "refused",
        TurnStatus.Stopped => "stopped",
        TurnStatus.Failed => "failed",
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, "There is no such status."),
    };

    private static TurnStatus StatusOf(string name) => name switch
    {
        "complete" => TurnStatus.Complete,
        "refused" => TurnStatus.Refused,
        "stopped" => TurnStatus.Stopped,
        "failed" => TurnStatus.Failed,
        _ => throw new ConversationLogException($"The log of conversations has a turn of the unknown status '{name}'."),
    };

    private static int Execute(SqliteConnection connection, string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        using SqliteCommand command = Prepare(connection, sql, parameters);
        return command.ExecuteNonQuery();
    }

    private static List<T> Read<T>(
        SqliteConnection connection, string sql, Func<SqliteDataReader, T> read, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        using SqliteCommand command = Prepare(connection, sql, parameters);
        using SqliteDataReader rows = command.ExecuteReader();
        List<T> found = [];
        while (rows.Read())
            found.Add(read(rows));
        return found;
    }

    private static SqliteCommand Prepare(SqliteConnection connection, string sql, ReadOnlySpan<(string Name, object Value)> parameters)
    {
        SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        foreach ((string name, object value) in parameters)
            command.Parameters.AddWithValue(name, value);
        return command;
    }
}
