using LlamaEngine.Sampling;
using LlamaEngine.Scheduling;
using LlamaEngine.Templates;
using LlamaEngine.Tests.Engine;
using LlamaEngine.Tokenization;
using LlamaEngine.Tools;

namespace LlamaEngine.Tests.Tools;

/// <summary>Special tokens that mark calls are part of the text; others are not.</summary>
public sealed class ToolMarkTests
{
    [Fact]
    public void The_mark_of_a_real_model_is_shown()
    {
        const string Mark = "[TOOL_CALLS]";
        Tokenizer tokenizer = Tokenizer.Load(SharedData.Shared("golden", "tokenizers", "mistral-v3", "tokenizer.model"));
        Assert.True(tokenizer.TryGetId(Mark, out int markId));
        Assert.True(tokenizer.TryGetId("[INST]", out int otherId));
        ToolFormat format = ToolFormat.Of(ChatTemplate.Parse(ToolModel.Mistral))!;
        Assert.Equal([markId], format.SpecialTokens(tokenizer));
        int[] reply = [.. tokenizer.Encode("Well."), otherId, markId, .. tokenizer.Encode("{\"name\"")];
        Assert.Equal($"Well.{Mark}{{\"name\"", Text(tokenizer, reply, markId));
        Assert.DoesNotContain(Mark, Text(tokenizer, reply), StringComparison.Ordinal);
    }

    [Fact]
    public void A_mark_ends_half_a_character_and_may_be_part_of_a_stop_string()
    {
        using InferenceEngine engine = InferenceEngine.Create(LexiconSlice.Path);
        Tokenizer tokenizer = engine.Tokenizer;
        Assert.True(tokenizer.TryGetId("<|start_header_id|>", out int mark));
        int half = tokenizer.Encode("€")[0];
        Assert.Equal("a\uFFFD<|start_header_id|>b", Text(tokenizer, [.. tokenizer.Encode("a"), half, mark, .. tokenizer.Encode("b")], mark));
        var text = CompletionText.Create(tokenizer, Parameters(tokenizer, [mark]) with { StopStrings = ["id|>b"] })!;
        Assert.Equal("<|start_header_", text.Append(mark));
        Assert.Equal("", text.Append(tokenizer.Encode("b")[0]));
        Assert.True(text.Stopped);
    }

    private static string Text(Tokenizer tokenizer, int[] reply, params int[] shown)
    {
        CompletionText text = CompletionText.Create(tokenizer, Parameters(tokenizer, shown))!;
        return string.Concat(reply.Select(text.Append)) + text.Flush();
    }

    private static SamplingParameters Parameters(Tokenizer tokenizer, int[] shown) => new() { VocabularySize = tokenizer.VocabularySize, ShownTokens = [.. shown] };
}
