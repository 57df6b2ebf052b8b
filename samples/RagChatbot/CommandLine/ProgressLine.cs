using System.Diagnostics;
using System.Globalization;
using LlamaEngine;
using RagChatbot.Reading;

namespace RagChatbot.CommandLine;

/// <summary>A line on standard error that says how far long work has come; drawn only where someone watches. Thread-safe; disposing it wipes the line.</summary>
internal sealed class ProgressLine(Terminal terminal) : IProgress<LoadProgress>, IProgress<ScanProgress>, IDisposable
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private long _lastDrawn;
    private int _length;

    /// <inheritdoc/>
    public void Report(LoadProgress value) => Report(string.Create(CultureInfo.InvariantCulture,
        $"{value.Stage} {(value.TotalBytes == 0 ? 0 : (double)value.CompletedBytes / value.TotalBytes):P0}"));

    /// <inheritdoc/>
    public void Report(ScanProgress value) => Report($"Reading documents {value.Done} of {value.Total} {value.Current}");

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_length == 0)
                return;
            Draw("");
            terminal.Error.Write('\r');
        }
    }

    private void Report(string text)
    {
        if (!terminal.ShowsProgress)
            return;
        lock (_lock)
        {
            if (_lastDrawn != 0 && Stopwatch.GetElapsedTime(_lastDrawn) < s_interval)
                return;
            _lastDrawn = Stopwatch.GetTimestamp();
            Draw(text.Length < 79 ? text : text[..79]);
        }
    }

    private void Draw(string text)
    {
        terminal.Error.Write('\r' + text.PadRight(_length));
        _length = text.Length;
    }
}
