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
    private readonly Sums _sums;
    private readonly Lazy<Spread> _spread;

    private VectorTable(int dimensions, Segment[] segments, int live, Sums sums)
    {
        (Dimensions, _segments, Count, _sums) = (dimensions, segments, live, sums);
        _spread = new(() => Spread.Of(this));
    }

    /// <summary>No vectors, of no length yet.</summary>
    public static VectorTable Empty { get; } = new(0, [], 0, new Sums(0));

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
    /// <param name="standardized">Whether each dimension is first brought to mean 0 and standard deviation 1 over the table, on both sides.</param>
    public VectorScores Compare(ReadOnlySpan<float> query, bool standardized)
    {
        float[] scores = new float[Rows];
        float[] direction = query.ToArray();
        if (Count > 0 && standardized)
            CompareStandardized(direction, scores);
        else
            CompareAsTheyAre(direction, scores);
        return new VectorScores(this, scores);
    }

    private void CompareAsTheyAre(float[] direction, float[] scores)
    {
        Vectors.Normalize(direction);
        for (int row = 0; row < scores.Length; row++)
        {
            if (IdOf(row) > 0)
                scores[row] = TensorPrimitives.Dot(Row(row), direction);
        }
    }

    // With z(x) = (x − mean) ÷ deviation, the product z(query) · z(row) is (row − mean) · (z(query) ÷ deviation): the rows stay as they are.
    private void CompareStandardized(float[] direction, float[] scores)
    {
        Spread spread = _spread.Value;
        float scale = spread.Scale(direction, direction);
        TensorPrimitives.Multiply(direction, spread.Inverse, direction);
        TensorPrimitives.Multiply(direction, scale, direction);
        float offset = TensorPrimitives.Dot(direction, spread.Mean);
        for (int row = 0; row < scores.Length; row++)
        {
            if (IdOf(row) > 0)
                scores[row] = (TensorPrimitives.Dot(Row(row), direction) - offset) * spread.Scales[row];
        }
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
        Sums sums = _sums.Copy();
        HashSet<int> copied = [];
        foreach (long id in removed)
        {
            int row = RowOf(id);
            int segment = row / SegmentRows;
            if (copied.Add(segment))
                segments[segment] = segments[segment] with { Ids = [.. segments[segment].Ids] };
            segments[segment].Ids[row % SegmentRows] = -id;
            sums.Add(Row(row), -1);
        }
        return new VectorTable(Dimensions, segments, Count - removed.Count, sums);
    }

    private VectorTable Append(int dimensions, IReadOnlyList<(long Id, float[] Vector)> added)
    {
        List<Segment> segments = [.. _segments];
        Sums sums = Count > 0 ? _sums.Copy() : new Sums(dimensions);
        foreach ((long id, float[] vector) in added)
        {
            if (segments.Count == 0 || segments[^1].Rows == SegmentRows)
                segments.Add(new Segment(new float[SegmentRows * dimensions], new long[SegmentRows], 0));
            Segment last = segments[^1];
            vector.CopyTo(last.Values.AsSpan(last.Rows * dimensions));
            last.Ids[last.Rows] = id;
            segments[^1] = last with { Rows = last.Rows + 1 };
            sums.Add(vector, 1);
        }
        return new VectorTable(dimensions, [.. segments], Count + added.Count, sums);
    }

    private readonly record struct Segment(float[] Values, long[] Ids, int Rows);

    /// <summary>How the numbers of each dimension lie: their mean, 1 ÷ their standard deviation, and of each row 1 ÷ its length seen from there.</summary>
    private sealed record Spread(float[] Mean, float[] Inverse, float[] Scales)
    {
        // A dimension in which all vectors agree, but for rounding, says nothing.
        private const double LeastVariance = 1e-12;

        public static Spread Of(VectorTable table)
        {
            double[] means = [.. table._sums.Values.Select(sum => sum / table.Count)];
            float[] inverse = [.. table._sums.Squares.Select((sum, i) => Inverted(sum / table.Count - means[i] * means[i]))];
            Spread spread = new([.. means.Select(mean => (float)mean)], inverse, new float[table.Rows]);
            float[] scratch = new float[table.Dimensions];
            for (int row = 0; row < spread.Scales.Length; row++)
                spread.Scales[row] = spread.Scale(table.Row(row), scratch);
            return spread;
        }

        /// <summary>1 ÷ the length of a vector after standardizing; 0 for one without length.</summary>
        public float Scale(ReadOnlySpan<float> vector, Span<float> standardized)
        {
            TensorPrimitives.Subtract(vector, Mean, standardized);
            TensorPrimitives.Multiply(standardized, Inverse, standardized);
            float length = TensorPrimitives.Norm(standardized);
            return length > 1e-6f ? 1 / length : 0;
        }

        private static float Inverted(double variance) => variance > LeastVariance ? (float)(1 / Math.Sqrt(variance)) : 0;
    }

    /// <summary>The sums over all rows of each dimension's numbers, and of their squares.</summary>
    private sealed class Sums(int dimensions)
    {
        public double[] Values { get; private init; } = new double[dimensions];

        public double[] Squares { get; private init; } = new double[dimensions];

        public Sums Copy() => new(0) { Values = [.. Values], Squares = [.. Squares] };

        public void Add(ReadOnlySpan<float> vector, double sign)
        {
            for (int i = 0; i < vector.Length; i++)
            {
                Values[i] += sign * vector[i];
                Squares[i] += sign * vector[i] * vector[i];
            }
        }
    }
}
