using System.Diagnostics;
using System.Runtime.ExceptionServices;

namespace LlamaEngine.Backends.Cpu;

/// <summary>
/// The threads of one CPU backend: the caller and Threads − 1 of its own. A job is cut into chunks. Every thread goes through a
/// share of neighbouring chunks, so that what they read is one stream, and then takes what is left of the others':
/// a thread that the system holds up costs one chunk and not the whole step.
/// </summary>
/// <remarks>
/// One job at a time, started by one thread at a time. Idle workers spin for about a millisecond, then sleep. Running
/// a job allocates nothing.
/// </remarks>
internal sealed unsafe class WorkerPool : IDisposable
{
    private static readonly long s_spinTicks = Stopwatch.Frequency / 1000;

    private readonly Worker[] _workers;
    private readonly Share[] _shares;
    private delegate*<void*, int, int, void> _job;
    private void* _state;
    private int _chunks;
    private Exception? _failure;
    private volatile bool _stopping;
    private Shared _shared;

    /// <summary>Starts the threads.</summary>
    /// <param name="threads">Threads that compute, the caller's included; at least 1.</param>
    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        _shares = new Share[threads];
        _workers = new Worker[threads - 1];
        for (int i = 0; i < _workers.Length; i++)
            _workers[i] = new Worker(this, i + 1);
    }

    /// <summary>Threads that compute, the caller's included.</summary>
    public int Threads => _workers.Length + 1;

    /// <summary>Runs <paramref name="job"/>(state, chunk, thread) once for every chunk and returns when all are done.</summary>
    /// <param name="job">Called from several threads at once; thread is below <see cref="Threads"/>.</param>
    /// <param name="state">Handed to the job as it is; may stand on the caller's stack.</param>
    /// <param name="chunks">Number of chunks.</param>
    /// <remarks>If a chunk throws, the rest may be left out and the first exception is thrown here.</remarks>
    public void Run(delegate*<void*, int, int, void> job, void* state, int chunks)
    {
        if (chunks <= 1 || _workers.Length == 0)
        {
            for (int chunk = 0; chunk < chunks; chunk++)
                job(state, chunk, 0);
            return;
        }
        Open(job, state, chunks);
        TakeChunks(thread: 0);
        Close();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_stopping)
            return;
        _stopping = true;
        foreach (Worker worker in _workers)
            worker.Dispose();
    }

    private void Open(delegate*<void*, int, int, void> job, void* state, int chunks)
    {
        ObjectDisposedException.ThrowIf(_stopping, this);
        _job = job;
        _state = state;
        _chunks = chunks;
        _failure = null;
        for (int i = 0; i < _shares.Length; i++)
        {
            _shares[i].Next = (int)((long)chunks * i / _shares.Length);
            _shares[i].End = (int)((long)chunks * (i + 1) / _shares.Length);
        }
        _shared.Round++;
        Interlocked.Exchange(ref _shared.OpenRound, _shared.Round);
        int helpers = Math.Min(chunks - 1, _workers.Length);
        for (int i = 0; i < helpers; i++)
            _workers[i].Wake();
    }

    /// <summary>Lets nobody join any more and waits for those inside: a worker that never woke is not waited for.</summary>
    private void Close()
    {
        Interlocked.Exchange(ref _shared.OpenRound, 0);
        for (int spin = 0; Volatile.Read(ref _shared.Inside) != 0; spin++)
        {
            if (spin < 2000)
                Thread.SpinWait(1);
            else
                Thread.Yield();
        }
        _state = null;
        if (_failure is { } failure)
            ExceptionDispatchInfo.Throw(failure);
    }

    /// <summary>This thread's share first, then those of the threads behind it.</summary>
    private void TakeChunks(int thread)
    {
        try
        {
            for (int i = 0; i < _shares.Length; i++)
            {
                ref Share share = ref _shares[(thread + i) % _shares.Length];
                while (Volatile.Read(ref share.Next) < share.End)
                {
                    int chunk = Interlocked.Increment(ref share.Next) - 1;
                    if (chunk < share.End)
                        _job(_state, chunk, thread);
                }
            }
        }
        catch (Exception failure)
        {
            Interlocked.CompareExchange(ref _failure, failure, null);
            foreach (ref Share share in _shares.AsSpan())
                Volatile.Write(ref share.Next, share.End);
        }
    }

    /// <summary>Joins the round that is open, if there is a new one. Counting itself in first makes <see cref="Close"/> wait for it.</summary>
    private long Join(long seen, int thread)
    {
        Interlocked.Increment(ref _shared.Inside);
        long round = Volatile.Read(ref _shared.OpenRound);
        if (round != 0 && round != seen)
        {
            seen = round;
            TakeChunks(thread);
        }
        Interlocked.Decrement(ref _shared.Inside);
        return seen;
    }

    private bool HasNews(long seen) =>
        Volatile.Read(ref _shared.OpenRound) is var round && round != 0 && round != seen || _stopping;

    /// <summary>What the threads write while others read, each on its own pair of cache lines.</summary>
    [System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Explicit, Size = 512)]
    private struct Shared
    {
        [System.Runtime.InteropServices.FieldOffset(128)] public long OpenRound;
        [System.Runtime.InteropServices.FieldOffset(136)] public long Round;
        [System.Runtime.InteropServices.FieldOffset(256)] public int Inside;
    }

    /// <summary>Chunks [Next, End), on a pair of cache lines of its own.</summary>
    [System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Explicit, Size = 128)]
    private struct Share
    {
        [System.Runtime.InteropServices.FieldOffset(0)] public int Next;
        [System.Runtime.InteropServices.FieldOffset(4)] public int End;
    }

    private sealed class Worker : IDisposable
    {
        private readonly WorkerPool _pool;
        private readonly int _index;
        private readonly SemaphoreSlim _wake = new(0);
        private readonly Thread _thread;
        private int _asleep;

        public Worker(WorkerPool pool, int index)
        {
            _pool = pool;
            _index = index;
            _thread = new Thread(Loop) { IsBackground = true, Name = $"llama-engine-{index}" };
            _thread.Start();
        }

        public void Wake()
        {
            if (Volatile.Read(ref _asleep) != 0 && Interlocked.Exchange(ref _asleep, 0) != 0)
                _wake.Release();
        }

        public void Dispose()
        {
            Wake();
            _thread.Join();
            _wake.Dispose();
        }

        private void Loop()
        {
            for (long seen = 0; !_pool._stopping;)
            {
                if (SpinUntilNews(seen) || SleepUntilNews(seen))
                    seen = _pool.Join(seen, _index);
            }
        }

        private bool SpinUntilNews(long seen)
        {
            long start = Stopwatch.GetTimestamp();
            for (int spin = 1; !_pool.HasNews(seen); spin++)
            {
                Thread.SpinWait(1);
                if (spin % 256 != 0)
                    continue;
                long elapsed = Stopwatch.GetTimestamp() - start;
                if (elapsed > s_spinTicks)
                    return false;
                // With fewer processors than threads, whoever has the work must be let in.
                if (elapsed > s_spinTicks / 16)
                    Thread.Yield();
            }
            return true;
        }

        private bool SleepUntilNews(long seen)
        {
            Interlocked.Exchange(ref _asleep, 1);
            // News that came before the flag was up would not wake us; if we cannot take the flag down, a wake-up is on its way.
            if (_pool.HasNews(seen) && Interlocked.Exchange(ref _asleep, 0) != 0)
                return true;
            _wake.Wait();
            return true;
        }
    }
}
