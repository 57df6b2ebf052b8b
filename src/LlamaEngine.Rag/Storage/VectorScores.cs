namespace LlamaEngine.Rag;

/// <summary>How similar a query's vector is to each vector of a table.</summary>
internal sealed class VectorScores(VectorTable table, float[] scores)
{
    /// <summary>The cosine of the query's vector and that of an id; null: there is none.</summary>
    public float? Of(long id) => table.RowOf(id) is >= 0 and int row ? scores[row] : null;

    /// <summary>The ids of the most similar, best first; of equal ones the smaller first.</summary>
    public List<long> Top(int count)
    {
        // The heap's root is the worst of the best: it goes when a better one comes.
        PriorityQueue<long, (float Score, long Id)> best = new(WorstFirst.Instance);
        for (int row = 0; row < scores.Length; row++)
        {
            long id = table.IdOf(row);
            if (id < 0)
                continue;
            if (best.Count < count)
                best.Enqueue(id, (scores[row], id));
            else
                best.EnqueueDequeue(id, (scores[row], id));
        }
        List<long> ids = new(best.Count);
        while (best.TryDequeue(out long id, out _))
            ids.Add(id);
        ids.Reverse();
        return ids;
    }

    private sealed class WorstFirst : IComparer<(float Score, long Id)>
    {
        public static readonly WorstFirst Instance = new();

        public int Compare((float Score, long Id) x, (float Score, long Id) y) =>
            x.Score.CompareTo(y.Score) is not 0 and int order ? order : y.Id.CompareTo(x.Id);
    }
}
