using System.Diagnostics;
using System.Runtime.InteropServices;

namespace LlamaEngine.Benchmarks;

/// <summary>Times short runs and keeps the best: the one that other processes disturbed least.</summary>
internal static partial class Clock
{
    private const int ThreadProcessorTime = 3;

    /// <summary>Seconds of the fastest run within about <paramref name="budget"/> seconds, after a warm-up.</summary>
    /// <param name="single">Only this thread works: count its processor time, which other processes cannot lengthen.</param>
    public static double Best(Action run, bool single, double budget = 1)
    {
        run();
        run();
        double best = double.MaxValue;
        long start = Stopwatch.GetTimestamp();
        do
        {
            double begin = Now(single);
            run();
            best = Math.Min(best, Now(single) - begin);
        }
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < budget);
        return best;
    }

    /// <summary>Seconds since some moment.</summary>
    public static double Seconds => Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency;

    /// <summary>Seconds that this thread has worked.</summary>
    public static double ThreadSeconds => Now(single: true);

    private static double Now(bool single)
    {
        if (!single || !OperatingSystem.IsLinux() || ReadClock(ThreadProcessorTime, out TimeSpec time) != 0)
            return Seconds;
        return time.Seconds + time.Nanoseconds * 1e-9;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int ReadClock(int clock, out TimeSpec time);

    private struct TimeSpec
    {
        public long Seconds, Nanoseconds;
    }
}
