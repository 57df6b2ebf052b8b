using LlamaEngine.Backends.Cuda.Interop;

namespace LlamaEngine.Backends.Cuda.Kernels;

/// <summary>The kernel that draws tokens. Launching allocates nothing.</summary>
internal sealed class SamplingKernels
{
    /// <summary>Tokens a vocabulary can have: as many masses add up in a bin of the kernel without overflow.</summary>
    public const int MaxVocabulary = 1 << 20;

    // SAMPLE_THREADS of sample_block.h.
    private const int Threads = 512;

    private readonly CudaKernel _sample;

    private SamplingKernels(KernelSet kernels) => _sample = kernels.Get("sample");

    /// <summary>Finds the kernel: once, when a model is loaded.</summary>
    /// <exception cref="NotSupportedException">The vocabulary is too large.</exception>
    public static SamplingKernels Resolve(KernelSet kernels, int vocabularySize) => vocabularySize <= MaxVocabulary
        ? new SamplingKernels(kernels)
        : throw new NotSupportedException($"The model has {vocabularySize:N0} tokens; the device samples from at most {MaxVocabulary:N0}.");

    /// <summary>
    /// Draws a token for each row of the sampling plan; rows without a row of logits leave what stands in their place. A row of logits is
    /// for one row of the plan only, for it is overwritten.
    /// </summary>
    public void Sample(CudaStream stream, in SampleArguments arguments)
    {
        if (arguments.Rows > 0)
            stream.Launch(_sample, arguments, new Grid(arguments.Rows), Threads);
    }
}
