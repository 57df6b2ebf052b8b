using System.Globalization;

namespace LlamaEngine.Cli.Serving;

/// <summary>When requests come.</summary>
/// <param name="Rate">
/// Requests a second of a Poisson process; null: a closed loop, in which every user sends the next request when the last is done.
/// </param>
internal readonly record struct ArrivalProcess(double? Rate)
{
    private const string Closed = "closed", Poisson = "poisson:";
    private const double MaxRate = 1e6;

    /// <summary>Reads <c>closed</c> or <c>poisson:RATE</c>.</summary>
    public static bool TryParse(string text, out ArrivalProcess arrival)
    {
        arrival = default;
        if (text == Closed)
            return true;
        if (!text.StartsWith(Poisson, StringComparison.Ordinal)
            || !double.TryParse(text.AsSpan(Poisson.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double rate)
            || !(rate is > 0 and <= MaxRate))
            return false;
        arrival = new ArrivalProcess(rate);
        return true;
    }

    /// <summary>The time from one arrival to the next: exponentially distributed; null in a closed loop.</summary>
    public TimeSpan? DrawGap(Random random) => Rate is { } rate ? TimeSpan.FromSeconds(-Math.Log(1 - random.NextDouble()) / rate) : null;

    /// <inheritdoc/>
    public override string ToString() => Rate is { } rate ? string.Create(CultureInfo.InvariantCulture, $"{Poisson}{rate}") : Closed;
}
