using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using LlamaEngine.Scheduling;

namespace LlamaEngine.Diagnostics;

/// <summary>
/// What is observed of the engines that share a meter, as one: a meter of an <see cref="IMeterFactory"/> outlives its engines, and instruments
/// cannot be taken out of it. So each is made once, shows the sum of the engines that are there, and counts on from what those that have gone
/// had counted.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class EngineObservations
{
    private static readonly Lock s_lock = new();
    private static readonly ConditionalWeakTable<Meter, EngineObservations> s_all = [];

    private readonly Lock _lock = new();
    private readonly List<EngineCounters> _engines = [];
    private readonly List<Total> _totals = [];

    private EngineObservations(Meter meter)
    {
        Gauge("llamaengine.requests.running", "{request}", "Requests with blocks in the KV cache.", s => s.RunningSequences);
        Gauge("llamaengine.requests.waiting", "{request}", "Requests in the queue.", s => s.WaitingSequences);
        Gauge("llamaengine.kv.blocks", "{block}", "Blocks of the KV cache.", s => s.KvBlocks);
        Gauge("llamaengine.kv.blocks.used", "{block}", "Blocks that running requests use.", s => s.KvBlocksInUse);
        Gauge("llamaengine.kv.blocks.cached", "{block}", "Blocks that nobody uses and whose content can be found.", s => s.KvBlocksCached);
        Gauge("llamaengine.kv.blocks.retained", "{block}", "Blocks that sessions and recipes retain.", s => s.KvBlocksRetained);
        Count("llamaengine.prefix.queried_tokens", "{token}", "Tokens of admitted prompts.", s => s.PrefixQueryTokens);
        Count("llamaengine.prefix.hit_tokens", "{token}", "Tokens of admitted prompts that were in the cache.", s => s.PrefixHitTokens);
        Count("llamaengine.preemptions", "{preemption}", "Requests that lost their blocks to earlier ones.", s => s.Preemptions);
        Count("llamaengine.evictions", "{block}", "Cached blocks that were given up.", s => s.Evictions);
        Count("llamaengine.steps", "{step}", "Forward passes.", s => s.Steps);

        void Gauge(string name, string unit, string description, Func<EngineStatistics, int> value) =>
            meter.CreateObservableGauge(name, () => (int)Sum(statistics => value(statistics)), unit, description);

        void Count(string name, string unit, string description, Func<EngineStatistics, long> value)
        {
            var total = new Total(value);
            _totals.Add(total);
            meter.CreateObservableCounter(name, () => Sum(value, total), unit, description);
        }
    }

    /// <summary>Those of a meter.</summary>
    public static EngineObservations Of(Meter meter)
    {
        lock (s_lock)
        {
            if (!s_all.TryGetValue(meter, out EngineObservations? own))
                s_all.Add(meter, own = new EngineObservations(meter));
            return own;
        }
    }

    /// <summary>Takes an engine in.</summary>
    public void Add(EngineCounters engine)
    {
        lock (_lock)
            _engines.Add(engine);
    }

    /// <summary>Takes out an engine that counts no more.</summary>
    public void Remove(EngineCounters engine)
    {
        lock (_lock)
        {
            if (!_engines.Remove(engine))
                return;
            EngineStatistics last = engine.Read();
            foreach (Total total in _totals)
                total.Gone += total.Value(last);
        }
    }

    private long Sum(Func<EngineStatistics, long> value, Total? total = null)
    {
        lock (_lock)
            return _engines.Sum(engine => value(engine.Read())) + (total?.Gone ?? 0);
    }

    private sealed class Total(Func<EngineStatistics, long> value)
    {
        public Func<EngineStatistics, long> Value => value;

        /// <summary>What engines that have gone had counted.</summary>
        public long Gone { get; set; }
    }
}
