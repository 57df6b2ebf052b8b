using LlamaEngine.Tests.Clients;
using LlamaEngine.Tribunal;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Tests.Tribunal;

/// <summary>A tribunal that could not run is refused before anything is computed, by the name of what is wrong.</summary>
public sealed class TribunalOptionTests(LexiconEngine lexicon) : IClassFixture<LexiconEngine>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(9)]
    public void Rounds_are_bounded(int rounds) => Refuses("Rounds", new TribunalOptions { Rounds = rounds });

    [Fact]
    public void A_prompt_that_lacks_a_place_or_has_one_too_many_is_refused_by_name()
    {
        Refuses("Generate.Prompt lacks the place {request}", new TribunalOptions { Generate = new() { Prompt = "Answer." } });
        Refuses("Generate.Prompt has the place {answer}", new TribunalOptions { Generate = new() { Prompt = "{request}{answer}" } });
        Refuses("Critique.Prompt has the place {critique}", new TribunalOptions { Critique = new() { Prompt = "{critique}" } });
        Refuses("Critique.Prompt has the place {approval}", new TribunalOptions { Critique = new() { Prompt = "Say {approval}." } });
        Refuses("Critique.Prompt lacks the place {approval}", new TribunalOptions { ApprovalWord = "OK", Critique = new() { Prompt = "Say OK." } });
        Refuses("Revise.Prompt has the place {approval}", new TribunalOptions { ApprovalWord = "OK", Revise = new() { Prompt = "{approval}" } });
        Refuses("Revise.Prompt is empty", new TribunalOptions { Revise = new() { Prompt = " " } });
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ok")]
    [InlineData("ok!")]
    public void An_approval_word_is_a_word(string word) => Refuses("ApprovalWord", new TribunalOptions { ApprovalWord = word });

    [Fact]
    public void Sampling_is_checked_for_each_stage()
    {
        Refuses("TopP", new TribunalOptions { Generation = new() { TopP = 2 } });
        Refuses("MaxTokens", new TribunalOptions { Revise = new() { Generation = new() { MaxTokens = 0 } } });
        Refuses("Critique has one choice", new TribunalOptions { Critique = new() { Generation = new() { Choices = 2 } } });
        Refuses("Revise must not be null", new TribunalOptions { Revise = null! });
    }

    [Fact]
    public void The_last_message_must_be_the_users()
    {
        Assert.Throws<ArgumentException>(() => { lexicon.Engine.StreamTribunalAsync([], null, Token); });
        Assert.Throws<ArgumentException>(() => { lexicon.Engine.StreamTribunalAsync([new(ChatRole.User, "a"), new(ChatRole.Assistant, "b")], null, Token); });
        Assert.Throws<ArgumentNullException>(() => { lexicon.Engine.StreamTribunalAsync((string)null!, null, Token); });
    }

    [Fact]
    public void A_model_without_a_template_is_refused()
    {
        using InferenceEngine engine = Benchmarks.Stub.StubBackend.CreateEngine(new EngineOptions { ContextLength = 256 });
        Assert.Throws<InvalidOperationException>(() => { engine.StreamTribunalAsync("a", null, Token); });
        var error = Assert.Throws<InvalidOperationException>(
            () => { lexicon.Engine.StreamTribunalAsync("a", new TribunalOptions { Critique = new() { Engine = engine } }, Token); });
        Assert.Contains("Critique", error.Message, StringComparison.Ordinal);
    }

    private void Refuses(string what, TribunalOptions options)
    {
        var error = Assert.ThrowsAny<ArgumentException>(() => { lexicon.Engine.StreamTribunalAsync("a", options, Token); });
        Assert.Contains(what, error.Message, StringComparison.Ordinal);
    }
}
