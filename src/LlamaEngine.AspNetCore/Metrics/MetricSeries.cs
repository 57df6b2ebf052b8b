namespace LlamaEngine.AspNetCore.Metrics;

/// <summary>The measurements of one combination of tags, summed up. Thread-safe.</summary>
internal sealed class MetricSeries
{
    private readonly Lock _lock = new();
    private readonly KeyValuePair<string, object?>[] _meterTags, _tags;
    private readonly double[] _bounds;
    private readonly long[] _counts;
    private double _sum;
    private bool _hasValue;

    /// <summary>A series without measurements.</summary>
    /// <param name="bounds">Upper bounds of a histogram's buckets; empty for other kinds.</param>
    public MetricSeries(ReadOnlySpan<KeyValuePair<string, object?>> meterTags, ReadOnlySpan<KeyValuePair<string, object?>> tags, double[] bounds)
    {
        _meterTags = meterTags.ToArray();
        _tags = tags.ToArray();
        _bounds = bounds;
        _counts = bounds.Length == 0 ? [] : new long[bounds.Length + 1];
    }

    /// <summary>The meter's tags, then the measurement's; a name that both have is the measurement's.</summary>
    public IEnumerable<KeyValuePair<string, object?>> Tags =>
        _meterTags.Where(tag => !Array.Exists(_tags, own => own.Key == tag.Key)).Concat(_tags);

    /// <summary>Whether these are its tags, in this order.</summary>
    public bool Has(ReadOnlySpan<KeyValuePair<string, object?>> meterTags, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        AreEqual(_meterTags, meterTags) && AreEqual(_tags, tags);

    /// <summary>Adds to the sum, and counts the value in its bucket.</summary>
    public void Add(double value)
    {
        lock (_lock)
        {
            _sum += value;
            _hasValue = true;
            if (_counts.Length > 0)
                _counts[BucketOf(value)]++;
        }
    }

    /// <summary>Replaces the value.</summary>
    public void Set(double value)
    {
        lock (_lock)
        {
            _sum = value;
            _hasValue = true;
        }
    }

    /// <summary>Adds what one of several instruments observed: engines of one name are one series.</summary>
    public void Observe(double value)
    {
        lock (_lock)
        {
            _sum += value;
            _hasValue = IsObserved = true;
        }
    }

    /// <summary>Has no value until it is observed again; nothing if it is no observed one.</summary>
    public void ForgetObserved()
    {
        lock (_lock)
        {
            if (!IsObserved)
                return;
            _sum = 0;
            _hasValue = false;
        }
    }

    /// <summary>The sum (a gauge's value), and how many values each bucket has, the last one for all above the bounds; null: nothing was measured.</summary>
    public (double Sum, long[] Counts)? Read()
    {
        lock (_lock)
            return _hasValue ? (_sum, [.. _counts]) : null;
    }

    private bool IsObserved { get; set; }

    /// <summary>The first bucket whose bound is not below the value.</summary>
    private int BucketOf(double value)
    {
        int index = Array.BinarySearch(_bounds, value);
        return index < 0 ? ~index : index;
    }

    private static bool AreEqual(KeyValuePair<string, object?>[] known, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (known.Length != tags.Length)
            return false;
        for (int i = 0; i < known.Length; i++)
        {
            if (known[i].Key != tags[i].Key || !Equals(known[i].Value, tags[i].Value))
                return false;
        }
        return true;
    }
}
