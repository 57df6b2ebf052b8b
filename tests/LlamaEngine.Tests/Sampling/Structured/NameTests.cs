using LlamaEngine.Sampling.Structured.Automaton;
using LlamaEngine.Sampling.Structured.Text;

namespace LlamaEngine.Tests.Sampling.Structured;

public class NameTests
{
    private const int Enough = 1_000_000;

    [Theory]
    [InlineData("^[ab]{1,3}$", 14)]
    [InlineData("^(a|bc|bd)?$", 4)]
    [InlineData("^[a-z]{2}[0-9]$", 6760)]
    [InlineData("^a{1,900}$", 900)]
    [InlineData("^(a|bc)*$", Enough)]
    [InlineData("^a[ab]*c$", Enough)]
    [InlineData("^[a-z]{9}$", Enough)]
    [InlineData("^[]$", 0)]
    public void Texts_of_an_automaton_are_counted(string pattern, int count) =>
        Assert.Equal(count, NameCount.Of(PatternCompiler.Compile(pattern), 0, Enough));

    [Fact]
    public void Texts_of_one_outcome_are_counted_alone() =>
        Assert.Equal([1, 1, 0], Enumerable.Range(0, 3).Select(outcome => NameCount.Of(CharDfas.OfWords(["a", "ab", "a"]), outcome, Enough)));

    [Fact]
    public void Sets_are_equal_whatever_the_order_in_which_names_came()
    {
        var random = new Random(1);
        object[] names = [0, 5, 64, 129, "b", "a", "ab", "", "ä"];
        NameSet all = Of(names);
        Assert.Equal(names.Length, all.Count);
        Assert.Equal(["", "a", "ab", "b", "ä"], all.Others.ToArray());
        for (int i = 0; i < 50; i++)
        {
            random.Shuffle(names);
            NameSet other = Of(names);
            Assert.Equal(all, other);
            Assert.Equal(all.GetHashCode(), other.GetHashCode());
            Assert.NotEqual(all, Of(names[1..]));
        }

        static NameSet Of(IEnumerable<object> from) =>
            from.Aggregate((NameSet?)null, (set, name) => name is int named ? NameSet.Add(set, named, 3) : NameSet.Add(set, (string)name, 3))!;
    }
}
