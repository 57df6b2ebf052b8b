using System.Collections.Frozen;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Clients;

/// <summary>Lays what stands in <c>AdditionalProperties</c>, by its key, on the options of a request.</summary>
/// <param name="type">The class whose <c>AdditionalProperties</c> they are, for messages.</param>
/// <param name="known">What each key does.</param>
internal sealed class AdditionalKeys<TOptions>(string type, IReadOnlyDictionary<string, Func<TOptions, AdditionalValue, TOptions>> known)
{
    private readonly FrozenDictionary<string, Func<TOptions, AdditionalValue, TOptions>> _known = known.ToFrozenDictionary(StringComparer.Ordinal);

    private string KnownKeys => string.Join(", ", _known.Keys.Order(StringComparer.Ordinal));

    /// <summary>The options with what was given; null values say nothing.</summary>
    /// <exception cref="NotSupportedException">A key is unknown.</exception>
    /// <exception cref="ArgumentException">A value is of the wrong kind.</exception>
    public TOptions Lay(AdditionalPropertiesDictionary? given, TOptions options)
    {
        foreach ((string key, object? value) in given ?? [])
        {
            if (!_known.TryGetValue(key, out Func<TOptions, AdditionalValue, TOptions>? lay))
                throw Refused.Member($"{type}.AdditionalProperties[\"{key}\"]", value ?? "null", $"the keys {KnownKeys}");
            if (value is not null)
                options = lay(options, new AdditionalValue(key, value));
        }
        return options;
    }
}
