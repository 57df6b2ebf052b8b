namespace LlamaEngine.AspNetCore.Bulk.Items;

/// <summary>A line of a file.</summary>
/// <param name="Number">Counted from 1.</param>
/// <param name="Offset">Where it begins, in bytes.</param>
/// <param name="Content">Its bytes, without the line feed.</param>
/// <param name="IsTerminated">A line feed follows; only the last line of a file can have none.</param>
internal readonly record struct Line(long Number, long Offset, ReadOnlyMemory<byte> Content, bool IsTerminated)
{
    /// <summary>Where the next line begins, in bytes.</summary>
    public long End => Offset + Content.Length + (IsTerminated ? 1 : 0);

    /// <summary>Nothing but white space stands there.</summary>
    public bool IsBlank => Content.Span.IndexOfAnyExcept(" \t\r\f\v"u8) < 0;
}
