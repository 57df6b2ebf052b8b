using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace LlamaEngine.AspNetCore.Security;

/// <summary>Finds out whose key a request brings. Thread-safe.</summary>
internal sealed class ApiKeyRing(ImmutableArray<ApiKey> keys, TimeProvider clock)
{
    private const string Scheme = "Bearer ";

    private readonly ImmutableArray<KeyLimits> _limits = [.. keys.Select(key => new KeyLimits(key, clock))];

    /// <summary>The limits of the key in an Authorization header; null: there is none, or nobody's.</summary>
    /// <remarks>Takes the same time whatever of a key is right: hashes are compared, each of them whole, and all of them.</remarks>
    public KeyLimits? Find(string? authorization)
    {
        if (authorization is null || !authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            return null;
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(authorization[Scheme.Length..].Trim()), hash);
        KeyLimits? found = null;
        foreach (KeyLimits limits in _limits)
        {
            if (CryptographicOperations.FixedTimeEquals(hash, limits.Key.Hash.AsSpan()))
                found = limits;
        }
        return found;
    }
}
