using System.Globalization;
using LlamaEngine.AspNetCore.Bulk.Storage;
using LlamaEngine.AspNetCore.Errors;
using Microsoft.AspNetCore.Http;

namespace LlamaEngine.AspNetCore.Bulk.Endpoints;

/// <summary>Lists in parts: the query of a request, and the part that it asks for.</summary>
internal static class Paging
{
    /// <summary>Refuses what the query of a request has besides.</summary>
    public static void RefuseOthers(HttpRequest request, params ReadOnlySpan<string> known)
    {
        foreach (string name in request.Query.Keys)
        {
            if (!known.Contains(name))
                throw ApiException.Invalid($"'{name}' is not supported in the query. Supported: {string.Join(", ", known!)}.", name, "unsupported_parameter");
        }
    }

    /// <summary>A text of the query; null: it is not there.</summary>
    /// <exception cref="ApiException">It is there twice.</exception>
    public static string? Text(HttpRequest request, string name) => request.Query[name] switch
    {
        [] => null,
        [var value] => value,
        _ => throw ApiException.Invalid($"'{name}' stands in the query more than once.", name, "invalid_value"),
    };

    /// <summary>Most elements of a part.</summary>
    public static int Limit(HttpRequest request, int standard, int most)
    {
        if (Text(request, "limit") is not { } text)
            return standard;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int limit) && limit >= 1 && limit <= most
            ? limit
            : throw ApiException.Invalid($"'limit' must be a whole number from 1 to {most}.", "limit", "invalid_value");
    }

    /// <summary>The part behind an element.</summary>
    /// <param name="items">All, in the order of the reply.</param>
    /// <param name="after">The last element of the part before; null: this is the first.</param>
    public static ListPage<T> Cut<T>(List<T> items, Func<T, string> id, string? after, int limit)
    {
        int start = 0;
        if (after is not null && (start = items.FindIndex(item => id(item) == after) + 1) == 0)
            throw ApiException.Invalid("'after' must be the id of an element of the list.", "after", "invalid_value");
        List<T> part = items.GetRange(start, Math.Min(limit, items.Count - start));
        return new ListPage<T>(
            [.. part], part.Count > 0 ? id(part[0]) : null, part.Count > 0 ? id(part[^1]) : null, start + part.Count < items.Count);
    }
}
