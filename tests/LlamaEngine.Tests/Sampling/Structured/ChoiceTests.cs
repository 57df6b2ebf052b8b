using System.Text;
using LlamaEngine.Sampling.Structured.Automaton;
using LlamaEngine.Tests.Engine;

namespace LlamaEngine.Tests.Sampling.Structured;

/// <summary>Completions that are one of some texts.</summary>
public sealed class ChoiceTests
{
    private static readonly string[] s_texts =
        ["yes", "yes, indeed", "no", "Zürich is a town.", " leading space", "<|eot_id|>", "{\"a\": 1}", "two\nlines\t", "The ferry is called the Grey Heron and has sailed since 2009."];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void A_grammar_accepts_the_texts_and_nothing_else()
    {
        Grammar grammar = Grammar.OfTexts(s_texts);
        foreach (string text in s_texts)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            Assert.True(grammar.Accepts(bytes), text);
            for (int length = 0; length < bytes.Length; length++)
                Assert.Equal(s_texts.Any(other => Encoding.UTF8.GetBytes(other).AsSpan().SequenceEqual(bytes.AsSpan(0, length))), grammar.Accepts(bytes.AsSpan(0, length)));
            Assert.False(grammar.Accepts([.. bytes, (byte)' ']), text);
            Assert.False(grammar.Accepts([(byte)'!', .. bytes]), text);
        }
    }

    [Fact]
    public async Task A_completion_is_one_of_the_texts()
    {
        await using var engine = TestEngine.Create(Lexicon.StandIn);
        var seen = new HashSet<string>();
        for (ulong seed = 0; seed < 40; seed++)
        {
            Completion completion = await engine.CompleteAsync(
                Prompt.FromUser("river"), new GenerationOptions { Temperature = 20, Seed = seed, ResponseFormat = ResponseFormat.Choice(s_texts) }, Token);
            Assert.Equal(FinishReason.Stop, completion.FinishReason);
            Assert.Contains(completion.Text, s_texts);
            seen.Add(completion.Text);
        }
        Assert.True(seen.Count >= 6, $"Only {seen.Count} of {s_texts.Length} texts were ever chosen.");
    }

    [Fact]
    public async Task What_the_model_would_say_anyway_it_chooses()
    {
        TestDevice.SkipOnSoftware("what the model knows");
        await using var engine = TestEngine.Create(Lexicon.Model);
        const string Wanted = "camera (noun): equipment for taking photographs.";
        Completion completion = await engine.CompleteAsync(Prompt.FromUser("What is a camera?"), new GenerationOptions
        {
            Temperature = 0, ResponseFormat = ResponseFormat.Choice(["dog (noun): an animal.", Wanted, "camera (noun): a tool."]),
        }, Token);
        Assert.Equal(Wanted, completion.Text);
        Assert.Equal((await engine.CompleteAsync(Prompt.FromUser("What is a camera?"), new GenerationOptions { Temperature = 0 }, Token)).Tokens, completion.Tokens);
    }

    [Fact]
    public void Nothing_to_choose_from_is_refused()
    {
        Assert.Throws<ArgumentException>(() => ResponseFormat.Choice([]));
        Assert.Throws<ArgumentException>(() => ResponseFormat.Choice(["a", ""]));
        Assert.Throws<ArgumentException>(() => ResponseFormat.Choice(["half \uD83D"]));
        Assert.Equal(ResponseFormat.Choice(["a", "b"]), ResponseFormat.Choice(["a", "b"]));
        Assert.NotEqual(ResponseFormat.Choice(["a", "b"]), ResponseFormat.Choice(["a", "c"]));
    }
}
