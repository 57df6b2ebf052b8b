using System.Text;

namespace LlamaEngine.Fuzz.Mutation;

/// <summary>Damages text that consists of tokens: exchanges, removes, repeats, nests and invents them.</summary>
internal static class TextMutator
{
    /// <summary>Applies one to four mutations.</summary>
    /// <param name="tokens">The text, cut into tokens; joined they give the text back.</param>
    /// <param name="inventions">Tokens that may be put in.</param>
    /// <param name="nests">Pairs that can enclose text, many deep.</param>
    /// <param name="random">Source of chance.</param>
    public static byte[] Mutate(List<string> tokens, string[] inventions, (string Open, string Close)[] nests, Random random)
    {
        for (int i = 1 + random.Next(4) * random.Next(2); i > 0 && tokens.Count > 0; i--)
            MutateOnce(tokens, inventions, nests, random);
        return Encoding.UTF8.GetBytes(string.Concat(tokens));
    }

    private static void MutateOnce(List<string> tokens, string[] inventions, (string Open, string Close)[] nests, Random random)
    {
        int at = random.Next(tokens.Count), other = random.Next(tokens.Count);
        switch (random.Next(9))
        {
            case 0: tokens[at] = tokens[other]; break;
            case 1: (tokens[at], tokens[other]) = (tokens[other], tokens[at]); break;
            case 2: tokens.RemoveAt(at); break;
            case 3: tokens.RemoveRange(at, Math.Min(1 + random.Next(12), tokens.Count - at)); break;
            case 4: tokens.InsertRange(at, tokens.GetRange(other, Math.Min(1 + random.Next(24), tokens.Count - other))); break;
            case 5: tokens[at] = Repeat(tokens[at], random); break;
            case 6: Nest(tokens, at, nests[random.Next(nests.Length)], random); break;
            case 7: tokens.Insert(at, inventions[random.Next(inventions.Length)]); break;
            default: tokens[at] = inventions[random.Next(inventions.Length)]; break;
        }
    }

    private static string Repeat(string token, Random random)
    {
        int count = Math.Min(1 << random.Next(1, 13), 1 + 20_000 / Math.Max(1, token.Length));
        return new StringBuilder().Insert(0, token, count).ToString();
    }

    private static void Nest(List<string> tokens, int at, (string Open, string Close) pair, Random random)
    {
        int depth = 1 << random.Next(1, 17);
        tokens[at] = Repeat(pair.Open, depth) + tokens[at] + (random.Next(4) == 0 ? "" : Repeat(pair.Close, depth));

        static string Repeat(string text, int count) => new StringBuilder().Insert(0, text, count).ToString();
    }
}
