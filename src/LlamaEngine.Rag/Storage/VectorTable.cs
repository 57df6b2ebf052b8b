using System.Numerics.Tensors;

namespace LlamaEngine.Rag;

/// <summary>All vectors of an index at one moment, each of length 1, in memory.</summary>
/// <remarks>
/// Immutable for its readers. A change gives a new table that shares the old one's memory: rows are only added behind those that somebody
/// may read, and a row that goes is only marked, in a copy of its segment's ids. When more rows are marked than are left, the next table is
/// written anew. One writer at a time, always from the newest table.
/// </remarks>
internal sealed class VectorTable
{
    /// <summary>Rows of a segment; all segments but the last are full.</summary>
    internal const int SegmentRows = 1024;

    private readonly Segment[] _segments;
    private readonly double[] _sum;
    private readonly Lazy<Centre> _centre;

    private VectorTable(int dimensions, Segment[] segments, int live, double[] sum)
    {
        (Dimensions, _segments, Count, _sum) = (dimensions, segments, live, sum);
        _centre = new(() => Centre.Of(this));
    }

    /// <summary>No vectors, of no length yet.</summary>
    public static VectorTable Empty { get; } = new(0, [], 0, []);

    /// <summary>How many numbers each vector has; 0: there are none.</summary>
    public int Dimensions { get; }

    /// <summary>How many vectors there are.</summary>
    public int Count { get; }

    /// <summary>Rows, those included that are marked as gone.</summary>
    internal int Rows => _segments.Length == 0 ? 0 : (_segments.Length - 1) * SegmentRows + _segments[^1].Rows;

    /// <summary>The table without some rows and with others behind.</summary>
    /// <param name="removed">Ids in ascending order; all are there.</param>
    /// <param name="added">Ids, ascending and greater than all that were ever there, and their vectors of length 1.</param>
    public VectorTable With(IReadOnlyList<long> removed, IReadOnlyList<(long Id, float[] Vector)> added)
    {
        int left = Count - removed.Count;
        int dimensions = left > 0 ? Dimensions : added.Count > 0 ? added[0].Vector.Length : 0;
        if (left == 0)
            return Empty.Append(dimensions, added);
        VectorTable table = removed.Count == 0 ? this : Mark(removed);
        if (table.Rows - left > left + SegmentRows)
            table = Empty.Append(dimensions, [.. table.Live()]);
        return added.Count == 0 ? table : table.Append(dimensions, added);
    }

    /// <summary>How similar each vector is to a query's.</summary>
    /// <param name="query">As long as the table's vectors.</param>
    /// <param name="centred">Whether the table's mean is subtracted from both sides first.</param>
    public VectorScores Compare(ReadOnlySpan<float> query, bool centred)
    {
        float[] scores = new float[Rows];
        Centre? centre = centred && Count > 0 ? _centre.Value : null;
        float[] direction = query.ToArray();
        if (centre is not null)
            TensorPrimitives.Subtract(query, centre.Mean, direction);
        Vectors.Normalize(direction);
        float offset = centre is null ? 0 : TensorPrimitives.Dot(direction, centre.Mean);
        for (int row = 0; row < scores.Length; row++)
        {
            if (IdOf(row) < 0)
                continue;
            float along = TensorPrimitives.Dot(Row(row), direction) - offset;
            scores[row] = centre is null ? along : along * centre.Scales[row];
        }
        return new VectorScores(this, scores);
    }

    /// <summary>The id of a row; negative: it is gone.</summary>
    internal long IdOf(int row) => _segments[row / SegmentRows].Ids[row % SegmentRows];

    /// <summary>The row of an id; negative: it is not there.</summary>
    internal int RowOf(long id)
    {
        int low = 0, high = Rows - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            long there = IdOf(middle);
            if (there == id)
                return middle;
            if (Math.Abs(there) < id)
                low = middle + 1;
            else
                high = middle - 1;
        }
        return -1;
    }

    private ReadOnlySpan<float> Row(int row) => _segments[row / SegmentRows].Values.AsSpan(row % SegmentRows * Dimensions, Dimensions);

    private IEnumerable<(long Id, float[] Vector)> Live()
    {
        for (int row = 0; row < Rows; row++)
        {
            if (IdOf(row) > 0)
                yield return (IdOf(row), Row(row).ToArray());
        }
    }

    private VectorTable Mark(IReadOnlyList<long> removed)
    {
        Segment[] segments = [.. _segments];
        double[] sum = [.. _sum];
        HashSet<int> copied = [];
        foreach (long id in removed)
        {
            int row = RowOf(id);
            int segment = row / SegmentRows;
            if (copied.Add(segment))
                segments[segment] = segments[segment] with { Ids = [.. segments[segment].Ids] };
            segments[segment].Ids[row % SegmentRows] = -id;
            Add(sum, Row(row), -1);
        }
        return new VectorTable(Dimensions, segments, Count - removed.Count, sum);
    }

    private VectorTable Append(int dimensions, IReadOnlyList<(long Id, float[] Vector)> added)
    {
        List<Segment> segments = [.. _segments];
        double[] sum = _sum.Length == dimensions ? [.. _sum] : new double[dimensions];
        foreach ((long id, float[] vector) in added)
        {
            if (segments.Count == 0 || segments[^1].Rows == SegmentRows)
                segments.Add(new Segment(new float[SegmentRows * dimensions], new long[SegmentRows], 0));
            Segment last = segments[^1];
            vector.CopyTo(last.Values.AsSpan(last.Rows * dimensions));
            last.Ids[last.Rows] = id;
            segments[^1] = last with { Rows = last.Rows + 1 };
            Add(sum, vector, 1);
        }
        return new VectorTable(dimensions, [.. segments], Count + added.Count, sum);
    }

    private static void Add(double[] sum, ReadOnlySpan<float> vector, double sign)
    {
        for (int i = 0; i < sum.Length; i++)
            sum[i] += sign * vector[i];
    }

    private readonly record struct Segment(float[] Values, long[] Ids, int Rows);

    /// <summary>The mean of all vectors, and of each row 1 ÷ its distance from it.</summary>
    private sealed record Centre(float[] Mean, float[] Scales)
    {
        public static Centre Of(VectorTable table)
        {
            float[] mean = [.. table._sum.Select(sum => (float)(sum / table.Count))];
            float[] scales = new float[table.Rows];
            for (int row = 0; row < scales.Length; row++)
            {
                float distance = TensorPrimitives.Distance(table.Row(row), mean);
                scales[row] = distance > 1e-6f ? 1 / distance : 0;
            }
            return new Centre(mean, scales);
        }
    }
}
