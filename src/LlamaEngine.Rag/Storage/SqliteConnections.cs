using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace LlamaEngine.Rag;

/// <summary>The connections to one database: one that writes, under a lock, and as many that read as there are readers at once.</summary>
/// <remarks>
/// A database in memory belongs to its one connection, which readers and writers then share: there, readers wait. (SQLite's shared cache
/// would lock whole tables instead, and answer with errors rather than wait.)
/// </remarks>
internal sealed class SqliteConnections : IDisposable
{
    private const int Corrupt = 11, CannotOpen = 14, NotADatabase = 26;
    private readonly string? _file;
    private readonly SqliteConnection _writer;
    private readonly Lock _writing = new();
    private readonly ConcurrentBag<SqliteConnection> _idle = [];
    private volatile bool _disposed;

    static SqliteConnections() => SQLitePCL.Batteries_V2.Init();

    /// <param name="file">The database; null: in memory.</param>
    /// <exception cref="IndexFormatException">The file is no database.</exception>
    /// <exception cref="IOException">The file cannot be opened or made.</exception>
    public SqliteConnections(string? file)
    {
        _file = file;
        _writer = Guard(Connect);
    }

    /// <summary>Reads in one transaction: all that is read belongs to one moment.</summary>
    public T Read<T>(Func<SqliteConnection, T> read)
    {
        ObjectDisposedException.ThrowIf(_disposed, typeof(DocumentIndex));
        if (_file is null)
        {
            lock (_writing)
                return Guard(() => InTransaction(_writer, read));
        }
        SqliteConnection connection = _idle.TryTake(out SqliteConnection? idle) ? idle : Guard(Connect);
        try
        {
            return Guard(() => InTransaction(connection, read));
        }
        finally
        {
            Return(connection);
        }
    }

    /// <summary>Writes in one transaction, which is undone when an exception comes.</summary>
    public T Write<T>(Func<SqliteConnection, T> write)
    {
        lock (_writing)
        {
            ObjectDisposedException.ThrowIf(_disposed, typeof(DocumentIndex));
            return Guard(() =>
            {
                using SqliteTransaction transaction = _writer.BeginTransaction();
                T result = write(_writer);
                transaction.Commit();
                return result;
            });
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_writing)
        {
            _disposed = true;
            CloseIdle();
            _writer.Dispose();
        }
    }

    private static T InTransaction<T>(SqliteConnection connection, Func<SqliteConnection, T> read)
    {
        using SqliteTransaction transaction = connection.BeginTransaction(deferred: true);
        return read(connection);
    }

    private SqliteConnection Connect()
    {
        SqliteConnection connection = new(new SqliteConnectionStringBuilder { DataSource = _file ?? ":memory:", Pooling = false }.ConnectionString);
        try
        {
            connection.Open();
            // What is deleted is overwritten: a document that was taken out does not linger in the file.
            connection.Execute("PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private void Return(SqliteConnection connection)
    {
        _idle.Add(connection);
        // Disposed in the meantime: nobody else will close it.
        if (_disposed)
            CloseIdle();
    }

    private void CloseIdle()
    {
        while (_idle.TryTake(out SqliteConnection? connection))
            connection.Dispose();
    }

    private T Guard<T>(Func<T> action)
    {
        try
        {
            return action();
        }
        catch (SqliteException exception) when (exception.SqliteErrorCode is Corrupt or NotADatabase)
        {
            string what = exception.SqliteErrorCode == Corrupt ? "is a damaged SQLite database" : "is no SQLite database";
            throw new IndexFormatException(
                $"'{_file}' {what}. Delete it, so that the documents are read again, or name another file.", exception);
        }
        catch (SqliteException exception) when (exception.SqliteErrorCode == CannotOpen)
        {
            throw new IOException($"The index '{_file}' cannot be opened or made: {exception.Message}", exception);
        }
    }
}
