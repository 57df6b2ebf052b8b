using System.Diagnostics;
using LlamaEngine.Formats.Quantization;

namespace LlamaEngine.Cli;

/// <summary>A line on standard error that says how far long work has come; drawn only where someone watches.</summary>
/// <remarks>Thread-safe. Disposing it wipes the line.</remarks>
internal sealed class ProgressLine(CliConsole console) : IProgress<LoadProgress>, IProgress<QuantizationProgress>, IDisposable
{
    private const int BarWidth = 30;
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private long _lastDrawn;
    private int _length;

    /// <inheritdoc/>
    public void Report(LoadProgress value) =>
        Report(value.Stage, value.TotalBytes == 0 ? 0 : (double)value.CompletedBytes / value.TotalBytes);

    /// <inheritdoc/>
    public void Report(QuantizationProgress value) => Report("Quantizing", (double)value.BytesWritten / value.TotalBytes);

    /// <summary>Draws the line, unless it was drawn just now.</summary>
    /// <param name="what">What is being done.</param>
    /// <param name="fraction">How much of it is done, 0 … 1.</param>
    public void Report(string what, double fraction)
    {
        if (!console.ShowsProgress)
            return;
        lock (_lock)
        {
            if (_lastDrawn != 0 && Stopwatch.GetElapsedTime(_lastDrawn) < s_interval)
                return;
            _lastDrawn = Stopwatch.GetTimestamp();
            int full = (int)(Math.Clamp(fraction, 0, 1) * BarWidth);
            Draw($"{what} [{new string('#', full)}{new string('.', BarWidth - full)}] {fraction,4:P0}");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_length == 0)
                return;
            Draw("");
            console.Error.Write('\r');
        }
    }

    private void Draw(string text)
    {
        console.Error.Write('\r' + text.PadRight(_length));
        _length = text.Length;
    }
}
