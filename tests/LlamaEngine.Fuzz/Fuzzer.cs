using System.Diagnostics;
using System.Globalization;

namespace LlamaEngine.Fuzz;

/// <summary>Feeds damaged inputs to a target and watches time, memory and exceptions.</summary>
/// <remarks>
/// The target runs on a thread of its own, so that an endless loop can be noticed (though not ended: the thread stays
/// behind until the process ends). An input is written to a file before it is tried, so that it survives even a crash of
/// the process.
/// </remarks>
internal sealed class Fuzzer(FuzzTarget target, int inputs, int seed, string folder, FuzzLimits limits)
{
    /// <summary>The stack of a thread where the system is least generous (Windows): deep nesting must not need more.</summary>
    private const int StackBytes = 1 << 20;

    /// <summary>Violations of one place in the code beyond the first tell nothing new.</summary>
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    private readonly List<FuzzViolation> _violations = [];
    private int _done, _accepted, _refused;
    private long _started, _largestAllocation;
    private volatile bool _abandoned;
    private byte[] _current = [];
    private TimeSpan _slowest;

    /// <summary>The file that holds the input in work.</summary>
    public string CurrentPath { get; } = Path.Combine(folder, "current-input");

    /// <summary>Runs all inputs, or until one hangs.</summary>
    public FuzzResult Run()
    {
        Directory.CreateDirectory(folder);
        int warmUp = Math.Min(inputs / 10, 1000);
        bool alive = RunPart(0, warmUp);
        (long heap, long resident) = alive ? MeasureMemory() : default;
        alive = alive && RunPart(warmUp, inputs);
        (long Heap, long Resident) growth = alive ? Subtract(MeasureMemory(), (heap, resident)) : default;
        CheckGrowth(growth.Heap, limits.HeapGrowth, "the managed heap");
        CheckGrowth(growth.Resident, limits.ResidentGrowth, "the resident set");
        return new FuzzResult(target.Name, _done, _accepted, _refused, _slowest, _largestAllocation, growth.Heap, growth.Resident, _violations);
    }

    /// <summary>The input of a number: the same for the same seed, whatever ran before.</summary>
    public byte[] CreateInput(int index)
    {
        var random = new Random(unchecked(seed * 486187739 + index));
        return target.Mutate(target.Seeds[random.Next(target.Seeds.Count)], random);
    }

    private bool RunPart(int from, int to)
    {
        Volatile.Write(ref _started, Stopwatch.GetTimestamp());
        var worker = new Thread(() =>
        {
            for (int i = from; i < to && !_abandoned; i++)
                RunInput(i);
        }, StackBytes) { IsBackground = true, Name = "fuzz " + target.Name };
        worker.Start();
        while (!worker.Join(200))
        {
            if (Stopwatch.GetElapsedTime(Volatile.Read(ref _started)) <= limits.Hang)
                continue;
            _abandoned = true;
            _violations.Add(new FuzzViolation("hang", _done, _current, $"no end after {limits.Hang.TotalSeconds} s; the target was given up"));
            return false;
        }
        return true;
    }

    private void RunInput(int index)
    {
        _current = CreateInput(index);
        File.WriteAllBytes(CurrentPath, _current);
        TimeSpan time = Try(index, count: true);
        for (int again = 0; again < 2 && time > limits.Slow; again++)
        {
            TimeSpan second = Try(index, count: false);
            time = second < time ? second : time;
        }
        if (time > limits.Slow)
            Report("slow", index, string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:F2} s, three times"), "slow");
        _slowest = time > _slowest ? time : _slowest;
        _done++;
    }

    private TimeSpan Try(int index, bool count)
    {
        long allocated = GC.GetAllocatedBytesForCurrentThread(), start = Stopwatch.GetTimestamp();
        TimeSpan processor = Environment.CpuUsage.TotalTime;
        Volatile.Write(ref _started, start);
        bool accepted = Execute(index);
        TimeSpan time = TimeOf(Stopwatch.GetElapsedTime(start), Environment.CpuUsage.TotalTime - processor);
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        if (!count)
            return time;
        (_accepted, _refused) = accepted ? (_accepted + 1, _refused) : (_accepted, _refused + 1);
        _largestAllocation = Math.Max(_largestAllocation, allocated);
        if (allocated > target.AllocationLimit(_current.Length))
            Report("allocation", index, $"{allocated:N0} bytes for an input of {_current.Length:N0}", "allocation");
        return time;
    }

    /// <summary>
    /// On a busy machine most of the elapsed time may be waiting for a processor, so computing counts in full and waiting
    /// by an eighth, which still shows an input that blocks.
    /// </summary>
    private static TimeSpan TimeOf(TimeSpan elapsed, TimeSpan processor) =>
        processor >= elapsed ? elapsed : processor > elapsed / 8 ? processor : elapsed / 8;

    private bool Execute(int index)
    {
        try
        {
            target.Execute(_current, folder);
            return true;
        }
        catch (LlamaEngineException)
        {
            return false;
        }
#pragma warning disable CA1031 // Which exceptions come out is what is to be found.
        catch (Exception error)
#pragma warning restore CA1031
        {
            string place = error.StackTrace?.Split('\n').FirstOrDefault(line => line.Contains("LlamaEngine", StringComparison.Ordinal)) ?? "";
            Report("exception", index, error.ToString(), error.GetType() + place);
            return false;
        }
    }

    private void Report(string kind, int index, string details, string place)
    {
        if (_known.Add(place))
            _violations.Add(new FuzzViolation(kind, index, _current, details));
    }

    private void CheckGrowth(long growth, long limit, string what)
    {
        if (growth > limit)
            _violations.Add(new FuzzViolation("memory", -1, [], $"{what} grew by {growth >> 20} MiB"));
    }

    private (long Heap, long Resident) MeasureMemory()
    {
        if (!limits.WatchMemory)
            return default;
        for (int i = 0; i < 2; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }
        return (GC.GetTotalMemory(forceFullCollection: true), Environment.WorkingSet);
    }

    private static (long Heap, long Resident) Subtract((long Heap, long Resident) after, (long Heap, long Resident) before) =>
        (after.Heap - before.Heap, after.Resident - before.Resident);
}
