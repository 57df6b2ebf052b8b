namespace LlamaEngine.Backends.Cpu;

/// <summary>How the CPU backend computes.</summary>
internal sealed record CpuOptions
{
    /// <summary>Threads that compute, the caller's included; at least 1.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>
    /// Round activations in blocks of 32 where the weight is quantized: to 8 bits for Q4_0, Q4_1 and Q4_K (as llama.cpp does), to
    /// 16 bits for the others; false: keep float32, slower and exact.
    /// </summary>
    public bool QuantizedActivations { get; init; } = true;

    /// <summary>The best instruction set that may be used; what the processor lacks is never used.</summary>
    public CpuInstructionSet MaxInstructionSet { get; init; } = CpuInstructionSet.Avx512;
}
