namespace LlamaEngine.Tokenization.SentencePiece;

/// <summary>Turns scores into ranks: the higher the score, the smaller the rank; equal scores have equal ranks.</summary>
internal static class ScoreRanks
{
    /// <summary>The ranks of scores that are numbers.</summary>
    public static uint[] Make(float[] scores) => Array.ConvertAll(scores, Rank);

    private static uint Rank(float score)
    {
        // Adding zero makes −0 equal to 0. The bits of floats then order like integers, the negative ones backwards.
        uint bits = BitConverter.SingleToUInt32Bits(score + 0f);
        uint ascending = (bits & 0x8000_0000) != 0 ? ~bits : bits | 0x8000_0000;
        return uint.MaxValue - 1 - ascending;
    }
}
