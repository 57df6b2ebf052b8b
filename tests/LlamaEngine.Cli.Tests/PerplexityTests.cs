using LlamaEngine.Cli.Measuring;

namespace LlamaEngine.Cli.Tests;

/// <summary>llama.cpp's method, worked out by hand on a vocabulary of four.</summary>
public sealed class PerplexityTests
{
    private static readonly int[] s_tokens = [9, 1, 2, 3, 0, 1, 2, 3, 2, 1, 0, 3, 1, 1];

    [Fact]
    public void Chunks_are_whole_contexts_with_BOS_in_place_of_the_first_token()
    {
        Perplexity perplexity = new(s_tokens, context: 6, bos: 9);
        Assert.Equal(2, perplexity.ChunkCount);
        Assert.Equal([9, 1, 2, 3, 0, 1], perplexity.GetChunk(0));
        Assert.Equal([9, 3, 2, 1, 0, 3], perplexity.GetChunk(1));
        Assert.Equal([2, 3, 2, 1, 0, 3], new Perplexity(s_tokens, 6, bos: null).GetChunk(1));
    }

    [Fact]
    public void The_second_half_of_each_chunk_predicts_the_token_after_it()
    {
        // At context 6 the positions 3 and 4 are scored, against tokens 0, 1 of the first chunk and 0, 3 of the second.
        Perplexity perplexity = new(s_tokens, context: 6, bos: null);
        double expected = 0;
        for (int chunk = 0; chunk < 2; chunk++)
        {
            for (int position = 0; position < 6; position++)
            {
                float[] logits = [0.5f * position, -1, chunk, 2];
                perplexity.Add(chunk, position, logits);
                if (position is 3 or 4)
                    expected -= Math.Log(Math.Exp(logits[s_tokens[chunk * 6 + position + 1]]) / logits.Sum(logit => Math.Exp(logit)));
            }
        }
        Assert.Equal(4, perplexity.ScoredTokens);
        Assert.Equal(Math.Exp(expected / 4), perplexity.Value, 6);
    }

    [Fact]
    public void Equal_logits_mean_a_perplexity_of_the_vocabulary()
    {
        Perplexity perplexity = new(s_tokens, context: 5, bos: null);
        float[] logits = [1e30f, 1e30f, 1e30f, 1e30f];
        for (int position = 0; position < 5; position++)
            perplexity.Add(0, position, logits);
        Assert.Equal(2, perplexity.ScoredTokens);
        Assert.Equal(4, perplexity.Value, 6);
    }

    [Fact]
    public void A_text_shorter_than_two_chunks_is_refused()
    {
        FailureException failure = Assert.Throws<FailureException>(() => new Perplexity(s_tokens, context: 8, bos: null));
        Assert.Contains("14 tokens", failure.Message, StringComparison.Ordinal);
        Assert.Contains("16", failure.Message, StringComparison.Ordinal);
    }
}
