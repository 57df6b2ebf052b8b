using System.Collections.Frozen;
using System.Collections.Immutable;

namespace LlamaEngine.Tools;

/// <summary>Splits a reply into text and calls while it comes; <see cref="InferenceEngine.CreateToolCallParser"/> makes one for each reply.</summary>
/// <remarks>
/// <para>
/// Text that may be the beginning of a call is held back until that is certain; wherever the stream is cut, the text and the calls are the
/// same. White space beside a call belongs to its format and is left out.
/// </para>
/// <para>
/// What only looks like a call stays text, as the model wrote it: JSON that is broken or cut off, without a name or arguments, or
/// with the name of a function that was not offered. Nothing a model writes is an error here.
/// </para>
/// <para>Not thread-safe.</para>
/// </remarks>
public sealed class ToolCallParser
{
    private readonly ToolFormat _format;
    private readonly ToolCallJson _json;
    private readonly JsonScanner _scanner = new();
    private readonly string _opening;
    private string _pending;
    private int _done;
    private bool _isFresh = true;

    /// <param name="isForced">The reply goes on behind the opening of a call, which stands in the prompt.</param>
    internal ToolCallParser(ToolFormat format, IEnumerable<ToolDefinition> tools, bool isForced = false)
    {
        _format = format;
        _opening = _pending = isForced ? format.Opening : "";
        _json = new ToolCallJson(tools.Select(tool => tool.Name).ToFrozenSet(StringComparer.Ordinal));
        _scanner.Reset();
    }

    /// <summary>Calls so far.</summary>
    public int CallCount { get; private set; }

    /// <summary>Takes the next piece of the reply and gives what is certain by now.</summary>
    public ImmutableArray<ReplyPart> Append(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length == 0)
            return [];
        _pending += text;
        return Advance(isFinal: false);
    }

    /// <summary>Ends the reply and gives the rest; the parser then begins anew.</summary>
    public ImmutableArray<ReplyPart> Flush()
    {
        ImmutableArray<ReplyPart> rest = Advance(isFinal: true);
        _pending = _opening;
        _isFresh = true;
        CallCount = 0;
        return rest;
    }

    private ImmutableArray<ReplyPart> Advance(bool isFinal)
    {
        var parts = ImmutableArray.CreateBuilder<ReplyPart>();
        while (_done < _pending.Length)
        {
            ReadOnlySpan<char> open = _pending.AsSpan(_done);
            int start = _format.Find(open, _isFresh), textEnd = open[..start].TrimEnd().Length;
            if (textEnd > 0)
            {
                TakeText(textEnd, parts);
                continue;
            }
            if (start == open.Length)
            {
                // White space may stand before a call; at the end it is text, unless it stands behind one.
                if (isFinal)
                    TakeText(start, parts);
                break;
            }
            CallSpan span = _format.Read(open[start..], isFinal, _scanner);
            if (span.Kind == CallSpanKind.Open)
                break;
            if (span.Kind == CallSpanKind.Text || !TryTakeCalls(start, span, parts))
                TakeText(start + span.Length, parts);
        }
        _pending = _pending[_done..];
        _done = 0;
        return parts.DrainToImmutable();
    }

    private bool TryTakeCalls(int start, CallSpan span, ImmutableArray<ReplyPart>.Builder parts)
    {
        if (_json.Read(_pending.AsSpan(_done + start, span.Length)[span.Json], _format.NewId) is not { } calls)
            return false;
        parts.AddRange(calls.Select(call => new ReplyPart("", call)));
        CallCount += calls.Length;
        Drop(start + span.Length);
        _isFresh = true;
        return true;
    }

    private void TakeText(int length, ImmutableArray<ReplyPart>.Builder parts)
    {
        ReadOnlySpan<char> text = _pending.AsSpan(_done, length);
        if (_isFresh && CallCount > 0)
            text = text.TrimStart();
        if (text.Length > 0)
            parts.Add(new ReplyPart(text.ToString(), null));
        _isFresh &= text.IsWhiteSpace();
        Drop(length);
    }

    private void Drop(int length)
    {
        _done += length;
        _scanner.Reset();
    }
}
