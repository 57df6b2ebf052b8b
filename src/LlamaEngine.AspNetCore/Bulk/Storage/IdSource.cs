using System.Globalization;
using System.Security.Cryptography;

namespace LlamaEngine.AspNetCore.Bulk.Storage;

/// <summary>
/// Makes ids that order by the time of their creation: 12 hexadecimal digits of milliseconds since 1970, each later than the last, and
/// 12 that nobody can guess. Thread-safe.
/// </summary>
internal sealed class IdSource(TimeProvider clock)
{
    private const int TimeDigits = 12, RandomDigits = 12;

    private readonly Lock _lock = new();
    private long _last;

    /// <summary>A new id.</summary>
    public string Next(string prefix)
    {
        lock (_lock)
        {
            _last = Math.Max(_last + 1, clock.GetUtcNow().ToUnixTimeMilliseconds());
            return $"{prefix}{_last.ToString("x12", CultureInfo.InvariantCulture)}{RandomNumberGenerator.GetHexString(RandomDigits, lowercase: true)}";
        }
    }

    /// <summary>New ids come after this one, also if the clock was set back.</summary>
    /// <param name="id">An id that this class made; a suffix may tell files of one batch apart.</param>
    public void Saw(string id, string prefix)
    {
        if (id.Length < prefix.Length + TimeDigits)
            return;
        ReadOnlySpan<char> time = id.AsSpan(prefix.Length, TimeDigits);
        lock (_lock)
        {
            if (long.TryParse(time, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out long seen))
                _last = Math.Max(_last, seen);
        }
    }
}
