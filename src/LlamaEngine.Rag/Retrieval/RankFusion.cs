namespace LlamaEngine.Rag;

/// <summary>A chunk's place in two rankings, from 1, and what they make together.</summary>
internal readonly record struct FusedRank(long Id, double Score, int? TextRank, int? VectorRank);

/// <summary>Reciprocal rank fusion: Cormack, Clarke and Büttcher, "Reciprocal rank fusion outperforms Condorcet and individual rank learning methods", SIGIR 2009.</summary>
internal static class RankFusion
{
    /// <summary>Σ weight ÷ (constant + rank), greatest first; of equal ones the smaller id first. A ranking of weight 0 adds nobody.</summary>
    public static List<FusedRank> Fuse(List<long> byText, List<long> byVector, RetrievalOptions options)
    {
        Dictionary<long, FusedRank> fused = [];
        // Where only one ranking is asked for, its weight is of no account.
        bool both = options.Mode == RetrievalMode.Fused;
        double text = both ? options.TextWeight : 1, vector = both ? options.VectorWeight : 1;
        for (int i = 0; i < byText.Count && text > 0; i++)
            fused[byText[i]] = new FusedRank(byText[i], text / (options.RankConstant + i + 1), i + 1, null);
        for (int i = 0; i < byVector.Count && vector > 0; i++)
        {
            FusedRank there = fused.GetValueOrDefault(byVector[i], new FusedRank(byVector[i], 0, null, null));
            fused[byVector[i]] = there with { Score = there.Score + vector / (options.RankConstant + i + 1), VectorRank = i + 1 };
        }
        return [.. fused.Values.OrderByDescending(rank => rank.Score).ThenBy(rank => rank.Id)];
    }
}
