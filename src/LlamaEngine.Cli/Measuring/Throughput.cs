using LlamaEngine.Cli.Json;

namespace LlamaEngine.Cli.Measuring;

/// <summary>
/// Measures an engine as llama-bench does: the prefill of random tokens alone, and decoding from an empty context alone, each
/// warmed up once and repeated.
/// </summary>
/// <remarks>Unlike llama-bench, a decoded token here includes sampling it.</remarks>
internal sealed class Throughput(InferenceEngine engine, int promptTokens, int generatedTokens)
{
    private const int Seed = 1;

    private readonly Random _random = new(Seed);

    /// <summary>Steps that <see cref="MeasureAsync"/> takes for so many repetitions.</summary>
    public static int StepsFor(int repetitions) => 2 * (repetitions + 1);

    /// <summary>Measures both.</summary>
    /// <param name="repetitions">How often each is measured; at least 1.</param>
    /// <param name="stepDone">Called after each of <see cref="StepsFor"/> steps.</param>
    public async Task<(Spread Prefill, Spread Decode)> MeasureAsync(int repetitions, Action stepDone, CancellationToken cancellationToken)
    {
        List<double> prefill = [];
        List<double> decode = [];
        for (int repetition = 0; repetition <= repetitions; repetition++)
        {
            prefill.Add(await PrefillAsync(cancellationToken));
            stepDone();
            decode.Add(await DecodeAsync(cancellationToken));
            stepDone();
        }
        // The first of each warms up: page faults, compiled code, clock of the processor.
        return (Spread.Of(prefill.Skip(1)), Spread.Of(decode.Skip(1)));
    }

    private async Task<double> PrefillAsync(CancellationToken cancellationToken)
    {
        CompletionTimings timings = await RunAsync(promptTokens, 1, cancellationToken);
        return promptTokens / timings.Prefill.TotalSeconds;
    }

    // From one token on, so that n tokens take n passes.
    private async Task<double> DecodeAsync(CancellationToken cancellationToken)
    {
        CompletionTimings timings = await RunAsync(1, generatedTokens, cancellationToken);
        return generatedTokens / (timings.Prefill + timings.Decode).TotalSeconds;
    }

    // New tokens each time: nothing can come out of a cache.
    private async Task<CompletionTimings> RunAsync(int prompt, int generated, CancellationToken cancellationToken)
    {
        int[] tokens = new int[prompt];
        for (int i = 0; i < tokens.Length; i++)
            tokens[i] = _random.Next(engine.Model.Configuration.VocabularySize);
        GenerationOptions options = new() { MaxTokens = generated, IgnoreEndTokens = true, Temperature = 0, RepetitionPenalty = 1 };
        Completion completion = await engine.CompleteAsync(tokens, options, cancellationToken);
        return completion.Timings;
    }
}
