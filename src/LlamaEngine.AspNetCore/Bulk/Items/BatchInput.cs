using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace LlamaEngine.AspNetCore.Bulk.Items;

/// <summary>The input of a batch: a request a line; blank lines are passed over. Read as often as it is needed, never whole in memory.</summary>
/// <param name="path">The file.</param>
/// <param name="urls">What its requests may ask for.</param>
/// <param name="maxLineBytes">Most bytes of a line.</param>
internal sealed class BatchInput(string path, IReadOnlyCollection<string> urls, int maxLineBytes)
{
    /// <summary>Most errors that are listed.</summary>
    public const int MaxErrors = 100;

    /// <summary>What its requests may ask for.</summary>
    public IReadOnlyCollection<string> Urls => urls;

    /// <summary>The lines with requests, with their index, counted from 0.</summary>
    /// <exception cref="LineTooLongException">A line is too long.</exception>
    public async IAsyncEnumerable<(int Index, Line Line)> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        await using FileStream stream = new(
            path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0, FileOptions.SequentialScan);
        int index = 0;
        await foreach (Line line in LineReader.ReadAsync(stream, maxLineBytes, cancellation))
        {
            if (!line.IsBlank)
                yield return (index++, line);
        }
    }

    /// <summary>Reads the whole input and says how many requests it has and what is wrong with them.</summary>
    /// <param name="maxRequests">Most requests it may have.</param>
    /// <remarks>Of each custom_id 16 bytes of a digest stay in memory until the end.</remarks>
    public async Task<InputCheck> CheckAsync(int maxRequests, CancellationToken cancellation)
    {
        List<BatchError> errors = [];
        HashSet<UInt128> ids = [];
        int total = 0;
        try
        {
            await foreach ((int index, Line line) in ReadAsync(cancellation))
            {
                total = index + 1;
                if (total > maxRequests)
                {
                    errors.Add(new("too_many_requests", $"The input has more than {maxRequests:N0} requests.", Line: line.Number));
                    break;
                }
                RequestLine? request = RequestLine.Parse(line, urls, out BatchError? error);
                if (request is not null && !ids.Add(Digest(request.CustomId)))
                    error = new("duplicate_custom_id", "The custom_id stands in an earlier line already.", "custom_id", line.Number);
                if (error is not null)
                    errors.Add(error);
                if (errors.Count == MaxErrors)
                    break;
            }
        }
        catch (LineTooLongException exception)
        {
            errors.Add(new("line_too_long", exception.Message, Line: exception.Number));
        }
        if (total == 0 && errors.Count == 0)
            errors.Add(new("empty_file", "The input has no requests."));
        return new InputCheck(total, [.. errors]);
    }

    private static UInt128 Digest(string customId)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(MemoryMarshal.AsBytes(customId.AsSpan()), digest);
        return MemoryMarshal.Read<UInt128>(digest);
    }
}

/// <summary>What a look at the whole input found.</summary>
/// <param name="Total">How many requests there are; with errors, how many were looked at.</param>
/// <param name="Errors">What is wrong with them, in the order of the lines, <see cref="BatchInput.MaxErrors"/> at most.</param>
internal sealed record InputCheck(int Total, ImmutableArray<BatchError> Errors);
