using Microsoft.Data.Sqlite;

namespace LlamaEngine.Rag;

/// <summary>The log's SQLite file: opening it, its tables, and errors that name it.</summary>
/// <remarks>One connection under one lock: what a log does takes microseconds, and no answer waits for another's sentence.</remarks>
internal sealed class ConversationDatabase : IDisposable
{
    // What PRAGMA application_id says of a file: "LECL". A file of another program is refused rather than written to.
    private const int ApplicationId = 0x4C45434C, Version = 1;

    private const string Tables = """
        CREATE TABLE conversations (
            id TEXT PRIMARY KEY, title TEXT NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL, change INTEGER NOT NULL);
        CREATE INDEX conversations_by_change ON conversations (change);
        CREATE TABLE turns (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            conversation TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
            question TEXT NOT NULL, answer TEXT NOT NULL, status TEXT NOT NULL, query TEXT NOT NULL,
            passages TEXT NOT NULL, cited TEXT NOT NULL, usage TEXT NOT NULL);
        CREATE INDEX turns_by_conversation ON turns (conversation, number);
        """;

    private readonly Lock _lock = new();
    private readonly string _name;
    private readonly SqliteConnection _connection;
    private bool _isDisposed;

    /// <summary>Opens a file, making it where there is none.</summary>
    /// <param name="path">The file; null: in memory.</param>
    public ConversationDatabase(string? path)
    {
        SQLitePCL.Batteries_V2.Init();
        _name = path is null ? "The log of conversations in memory" : $"The log of conversations '{path}'";
        // Not pooled: disposing closes the file, so that it can be moved or deleted.
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path ?? ":memory:", Pooling = false }.ToString());
        try
        {
            Run(Prepare);
        }
        catch
        {
            _connection.Dispose();
            throw;
        }
    }

    /// <summary>Does something in one transaction, alone.</summary>
    /// <exception cref="ConversationLogException">The database refuses.</exception>
    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    public T Transact<T>(Func<SqliteConnection, T> work) => Run(connection =>
    {
        using SqliteTransaction transaction = connection.BeginTransaction();
        T result = work(connection);
        transaction.Commit();
        return result;
    });

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _connection.Dispose();
        }
    }

    private T Run<T>(Func<SqliteConnection, T> work)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, typeof(ConversationLog));
            try
            {
                return work(_connection);
            }
            catch (SqliteException exception)
            {
                throw new ConversationLogException($"{_name} cannot be used: {exception.Message}", exception);
            }
        }
    }

    private bool Prepare(SqliteConnection connection)
    {
        connection.Open();
        long application = ReadNumber(connection, "PRAGMA application_id"), version = ReadNumber(connection, "PRAGMA user_version");
        bool isEmpty = ReadNumber(connection, "SELECT count(*) FROM sqlite_master") == 0;
        if (!isEmpty && application != ApplicationId)
            throw new ConversationLogException($"{_name} is a database of another program.");
        if (!isEmpty && version != Version)
            throw new ConversationLogException($"{_name} has version {version} of its tables; this program reads version {Version}.");
        // secure_delete: what a person deletes is overwritten, not only forgotten.
        Execute(connection, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;");
        if (isEmpty)
            Execute(connection, $"BEGIN IMMEDIATE; {Tables} PRAGMA application_id = {ApplicationId}; PRAGMA user_version = {Version}; COMMIT;");
        return true;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static long ReadNumber(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()!;
    }
}
