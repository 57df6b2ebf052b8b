namespace LlamaEngine.AspNetCore.Lifetime;

/// <summary>Whether a request may begin.</summary>
internal enum Admission
{
    /// <summary>It has begun.</summary>
    Begun,

    /// <summary>The server has as many as it takes.</summary>
    Full,

    /// <summary>The server takes no more.</summary>
    Draining,
}

/// <summary>Whether the server takes requests, and how many it has. Thread-safe.</summary>
internal sealed class ServerLifetime : IDisposable
{
    private readonly CancellationTokenSource _cut = new();
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _requests;
    private bool _draining;

    /// <summary>No more requests are taken; those that are there may end.</summary>
    public bool IsDraining
    {
        get
        {
            lock (_lock)
                return _draining;
        }
    }

    /// <summary>Requests that are being served.</summary>
    public int Requests
    {
        get
        {
            lock (_lock)
                return _requests;
        }
    }

    /// <summary>Requests that had to be cut off at the end of the deadline.</summary>
    public int CutOff { get; private set; }

    /// <summary>Why the server had to stop; null: it was told to.</summary>
    public Exception? Failure { get; set; }

    /// <summary>Cancelled when what is still being served has to stop.</summary>
    public CancellationToken Cut => _cut.Token;

    /// <summary>Begins a request, if it may.</summary>
    /// <param name="most">Requests that there may be at one time.</param>
    public Admission TryBegin(int most)
    {
        lock (_lock)
        {
            if (_draining)
                return Admission.Draining;
            if (_requests >= most)
                return Admission.Full;
            _requests++;
            return Admission.Begun;
        }
    }

    /// <summary>Ends a request that <see cref="TryBegin"/> began.</summary>
    public void End()
    {
        lock (_lock)
        {
            _requests--;
            ReportIfDrained();
        }
    }

    /// <summary>Takes no more requests, lets those there are end, and cuts off what has not ended by the deadline.</summary>
    /// <param name="deadline">Time that requests are given.</param>
    /// <param name="clock">Measures it.</param>
    /// <param name="cancellation">Ends the waiting at once; what is there is cut off.</param>
    public async Task DrainAsync(TimeSpan deadline, TimeProvider clock, CancellationToken cancellation)
    {
        lock (_lock)
        {
            _draining = true;
            ReportIfDrained();
        }
        try
        {
            await _drained.Task.WaitAsync(deadline, clock, cancellation).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            CutOff = Requests;
            await _cut.CancelAsync().ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _cut.Dispose();

    private void ReportIfDrained()
    {
        if (_draining && _requests == 0)
            _drained.TrySetResult();
    }
}
