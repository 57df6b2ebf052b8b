using System.Globalization;
using Microsoft.Data.Sqlite;

namespace LlamaEngine.Rag;

/// <summary>The tables of an index, and whose they are.</summary>
internal static class IndexSchema
{
    /// <summary>How words are cut out of text, folded and stemmed: of documents and of questions alike.</summary>
    public const string Tokenizer = "porter unicode61 remove_diacritics 2";

    // "LRag": a database that bears another number, or tables without it, is somebody else's and stays as it is.
    private const long ApplicationId = 0x4C526167;
    private const long Version = 1;

    // The full-text index has no text of its own: it reads the view where it needs the words of a row that goes.
    // Numbers of chunks are never used again (AUTOINCREMENT), so that a citation never leads to another passage.
    private const string Tables = $"""
        CREATE TABLE meta(key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
        CREATE TABLE documents(id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, title TEXT NOT NULL, hash TEXT NOT NULL, text TEXT NOT NULL);
        CREATE TABLE chunks(
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            document INTEGER NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
            ordinal INTEGER NOT NULL, heading TEXT NOT NULL, line INTEGER NOT NULL, start INTEGER NOT NULL, tokens INTEGER NOT NULL, text TEXT NOT NULL,
            UNIQUE(document, ordinal));
        CREATE TABLE vectors(chunk INTEGER PRIMARY KEY REFERENCES chunks(id) ON DELETE CASCADE, vector BLOB NOT NULL);
        CREATE VIEW passages AS
            SELECT c.id, c.document, d.path, d.title, c.heading, c.line, c.start, c.text, c.tokens FROM chunks c JOIN documents d ON d.id = c.document;
        CREATE VIRTUAL TABLE words USING fts5(title, heading, text, content = 'passages', content_rowid = 'id', tokenize = '{Tokenizer}');
        CREATE VIRTUAL TABLE vocabulary USING fts5vocab(words, row);
        """;

    /// <summary>Makes the tables where there are none, and empties them where another model or other options filled them.</summary>
    /// <exception cref="IndexFormatException">The database is somebody else's, or of another version.</exception>
    public static void Prepare(SqliteConnection connection, string? file, string fingerprint)
    {
        if ((long)connection.Scalar("SELECT count(*) FROM sqlite_master")! == 0)
            Create(connection);
        else
            Check(connection, file);
        if (connection.Scalar("SELECT value FROM meta WHERE key = 'fingerprint'") as string != fingerprint)
            Empty(connection, fingerprint);
    }

    /// <summary>A number that is another after each change.</summary>
    public static long Generation(SqliteConnection connection) => (long)connection.Scalar("SELECT value FROM meta WHERE key = 'generation'")!;

    /// <summary>Says that something changed; gives the new number.</summary>
    public static long Advance(SqliteConnection connection)
    {
        connection.Execute("UPDATE meta SET value = value + 1 WHERE key = 'generation'");
        return Generation(connection);
    }

    private static void Create(SqliteConnection connection)
    {
        connection.Execute(Tables);
        connection.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA application_id = {ApplicationId}"));
        connection.Execute("INSERT INTO meta VALUES ('schema', $schema), ('generation', 0)", ("$schema", Version));
    }

    private static void Check(SqliteConnection connection, string? file)
    {
        if ((long)connection.Scalar("PRAGMA application_id")! != ApplicationId)
            throw new IndexFormatException($"'{file}' is a database of another program. Name another file for the index; this one stays as it is.");
        if (connection.Scalar("SELECT value FROM meta WHERE key = 'schema'") is not Version)
        {
            throw new IndexFormatException(
                $"'{file}' was made by another version of LlamaEngine: this one reads indexes of version {Version}. Delete it, so that the documents are read again, or name another file.");
        }
    }

    private static void Empty(SqliteConnection connection, string fingerprint)
    {
        connection.Execute("INSERT INTO words(words) VALUES ('delete-all'); DELETE FROM documents;");
        connection.Execute("REPLACE INTO meta VALUES ('fingerprint', $fingerprint)", ("$fingerprint", fingerprint));
        Advance(connection);
    }
}
