using System.Text;
using LlamaEngine.Tokenization.Merging;

namespace LlamaEngine.Tests.Tokenization;

public sealed class MergeEngineTests
{
    /// <summary>Lengths around the change from scanning to the heap, and long ones.</summary>
    public static TheoryData<int> Lengths => [0, 1, 2, 3, 7, 39, 40, 41, 42, 80, 300];

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Merges_as_the_definition_says(int length)
    {
        var random = new Random(length);
        for (int round = 0; round < 50; round++)
        {
            var rule = new RandomRule(random.Next());
            byte[] word = [.. Enumerable.Range(0, length).Select(_ => (byte)random.Next(3))];
            var engine = new MergeEngine();
            for (int i = 0; i < length; i++)
                engine.Add(i, 1, word[i]);
            engine.Run(rule, word);
            Assert.Equal(MergeByDefinition(rule, word), engine.Symbols.ToArray().Select(symbol => (symbol.Id, symbol.Start, symbol.Length)));
        }
    }

    [Fact]
    public void An_engine_is_used_again_and_again()
    {
        var engine = new MergeEngine();
        foreach (string word in (string[])["aaaa", "", new string('a', 100), "ab"])
        {
            engine.Clear();
            for (int i = 0; i < word.Length; i++)
                engine.Add(i, 1, word[i]);
            engine.Run(new RandomRule(1), Encoding.ASCII.GetBytes(word));
            Assert.Equal(word.Length, engine.Symbols.ToArray().Sum(symbol => symbol.Length));
        }
    }

    // Looks through the whole word for the smallest rank, merges it, and starts anew.
    private static List<(int Id, int Start, int Length)> MergeByDefinition(RandomRule rule, byte[] word)
    {
        List<(int Id, int Start, int Length)> symbols = [.. word.Select((value, i) => ((int)value, i, 1))];
        while (true)
        {
            (uint Rank, int Index, int Id) best = (uint.MaxValue, -1, 0);
            for (int i = 0; i + 1 < symbols.Count; i++)
            {
                if (rule.TryMerge(symbols[i].Id, symbols[i + 1].Id, out uint rank, out int id) && rank < best.Rank)
                    best = (rank, i, id);
            }
            if (best.Index < 0)
                return symbols;
            (int _, int start, int length) = symbols[best.Index];
            symbols[best.Index] = (best.Id, start, length + symbols[best.Index + 1].Length);
            symbols.RemoveAt(best.Index + 1);
        }
    }

    /// <summary>Lets about half of all pairs merge, with few ranks, so that many are equal.</summary>
    private readonly struct RandomRule(int seed) : IMergeRule
    {
        public bool TryMerge(ReadOnlySpan<byte> word, in Symbol left, in Symbol right, out uint rank, out int id) =>
            TryMerge(left.Id, right.Id, out rank, out id);

        public bool TryMerge(int left, int right, out uint rank, out int id)
        {
            uint hash = (uint)(seed ^ (left * 73856093) ^ (right * 19349663)) * 2654435761;
            rank = hash >> 29;
            id = (int)(hash >> 8 & 0xFFFF);
            return (hash >> 16 & 1) == 0;
        }
    }
}
