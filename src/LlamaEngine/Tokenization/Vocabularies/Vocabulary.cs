namespace LlamaEngine.Tokenization.Vocabularies;

/// <summary>The tokens as their file writes them, by id and by text.</summary>
/// <remarks>Filled while a tokenizer loads; unchanged and thread-safe afterwards.</remarks>
internal sealed class Vocabulary
{
    /// <summary>Ids may have gaps, but not so many that a small file makes a huge table.</summary>
    private const int GapsAllowed = 1 << 16;

    private readonly Dictionary<string, int> _ids;
    private readonly int _expected;
    private string[] _texts;
    private TokenKind[] _kinds;

    /// <summary>Creates a vocabulary with room for <paramref name="capacity"/> tokens.</summary>
    public Vocabulary(int capacity)
    {
        _ids = new Dictionary<string, int>(capacity, StringComparer.Ordinal);
        _expected = capacity;
        _texts = new string[capacity];
        _kinds = new TokenKind[capacity];
    }

    /// <summary>Highest id + 1.</summary>
    public int Count { get; private set; }

    /// <summary>The tokens' ids by text, for look-ups by a part of a string.</summary>
    public Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> Ids => _ids.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Adds a token, or gives another kind and text to its id.</summary>
    /// <returns>False if the id is negative or so far out that the table would be mostly gaps.</returns>
    public bool TrySet(int id, string text, TokenKind kind)
    {
        if (id < 0 || id > 2L * _ids.Count + GapsAllowed + _expected)
            return false;
        if (id >= _texts.Length)
        {
            int length = Math.Max(id + 1, _texts.Length * 2);
            Array.Resize(ref _texts, length);
            Array.Resize(ref _kinds, length);
        }
        _texts[id] = text;
        _kinds[id] = kind;
        _ids[text] = id;
        Count = Math.Max(Count, id + 1);
        return true;
    }

    /// <summary>Finds a token by its exact text.</summary>
    public bool TryGetId(string text, out int id) => _ids.TryGetValue(text, out id);

    /// <summary>The token's text as its file writes it; empty for an id that no token has.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is outside the vocabulary.</exception>
    public string Text(int id) => _texts[Checked(id)] ?? "";

    /// <summary>The token's kind; <see cref="TokenKind.Unused"/> for an id that no token has.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is outside the vocabulary.</exception>
    public TokenKind Kind(int id) => _kinds[Checked(id)] is var kind && kind == 0 ? TokenKind.Unused : kind;

    private int Checked(int id) => (uint)id < (uint)Count
        ? id
        : throw new ArgumentOutOfRangeException(nameof(id), id, $"Token ids are 0 … {Count - 1}.");
}
