namespace LlamaEngine.Rag;

/// <summary>One search in one view of the index: two rankings, their fusion, and which of the fused are given.</summary>
internal sealed class Search(IndexView view, string query, RetrievalOptions options, CancellationToken cancellationToken)
{
    private readonly QuestionWords _words = view.WordsOf(query);

    /// <summary>The passages, best first.</summary>
    /// <param name="vector">The query's, of length 1; null: the full text alone is searched.</param>
    public IReadOnlyList<RetrievedPassage> Run(float[]? vector)
    {
        if (view.Chunks == 0)
            return [];
        List<long> byText = options.Mode == RetrievalMode.Vectors ? [] : view.SearchText(_words, options.Candidates);
        cancellationToken.ThrowIfCancellationRequested();
        VectorScores? scores = vector is null ? null : Compare(vector);
        List<long> byVector = scores?.Top(options.Candidates) ?? [];
        return Choose(RankFusion.Fuse(byText, byVector, options), scores);
    }

    private VectorScores Compare(float[] vector)
    {
        if (view.Vectors.Dimensions != vector.Length)
        {
            throw new ArgumentException(
                $"The embedding generator's vectors have {vector.Length} numbers, those of the index {view.Vectors.Dimensions}: another model made them.");
        }
        return view.Vectors.Compare(vector, options.StandardizeVectors);
    }

    /// <summary>Goes down the ranking until there are enough.</summary>
    private List<RetrievedPassage> Choose(List<FusedRank> ranking, VectorScores? scores)
    {
        List<RetrievedPassage> chosen = [];
        long tokens = 0;
        foreach (FusedRank[] some in ranking.Chunk(options.TopK))
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (RetrievedPassage passage in Load(some, scores))
            {
                if (!IsRelevant(passage) || (chosen.Count > 0 && tokens + passage.Passage.Tokens > options.TokenBudget))
                    continue;
                chosen.Add(passage);
                tokens += passage.Passage.Tokens;
                if (chosen.Count == options.TopK)
                    return chosen;
            }
        }
        return chosen;
    }

    private List<RetrievedPassage> Load(FusedRank[] ranks, VectorScores? scores)
    {
        Passage[] passages = [.. ranks.Select(rank => view.Find(rank.Id)!)];
        double[] coverage = view.Cover(_words, [.. passages.Select(passage => $"{passage.Title}\n{passage.Heading}\n{passage.Text}")]);
        return [.. ranks.Select((rank, i) =>
            new RetrievedPassage(passages[i], rank.Score, rank.TextRank, rank.VectorRank, scores?.Of(rank.Id), coverage[i]))];
    }

    private bool IsRelevant(RetrievedPassage passage) =>
        passage.Coverage >= options.MinimumCoverage || passage.Similarity >= options.MinimumSimilarity;
}
