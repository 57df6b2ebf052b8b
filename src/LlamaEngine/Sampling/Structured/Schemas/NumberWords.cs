using System.Text;
using LlamaEngine.Sampling.Structured.Automaton;

namespace LlamaEngine.Sampling.Structured.Schemas;

/// <summary>
/// Makes the automaton of single numbers (const, enum): each is written without an exponent, a whole one without a point, another one with up
/// to three zeros at its end.
/// </summary>
internal static class NumberWords
{
    private const int Zeros = 3;

    /// <summary>Makes the automaton.</summary>
    public static ByteDfa Create(IEnumerable<ExactDecimal> numbers, CompileBudget budget)
    {
        var states = new Dictionary<(int From, byte Byte), int>();
        var accepts = new List<bool> { false };
        foreach (string word in numbers.SelectMany(Words))
        {
            budget.Spend(word.Length);
            int state = 0;
            foreach (byte next in Encoding.ASCII.GetBytes(word))
            {
                if (!states.TryGetValue((state, next), out int target))
                {
                    target = accepts.Count;
                    states.Add((state, next), target);
                    accepts.Add(false);
                }
                state = target;
            }
            accepts[state] = true;
        }
        return new ByteDfa(accepts.Count, [.. states.Select(pair => (pair.Key.From, pair.Key.Byte, pair.Value))], [.. accepts]);
    }

    private static IEnumerable<string> Words(ExactDecimal number)
    {
        (string integer, string fraction) = number.Digits();
        string digits = (integer.Length == 0 ? "0" : integer) + (fraction.Length == 0 ? "" : "." + fraction);
        foreach (string sign in number.Sign switch
        {
            < 0 => (string[])["-"],
            0 => ["", "-"],
            _ => [""],
        })
        {
            yield return sign + digits;
            for (int zeros = 1; fraction.Length > 0 && zeros <= Zeros; zeros++)
                yield return sign + digits + new string('0', zeros);
        }
    }
}
