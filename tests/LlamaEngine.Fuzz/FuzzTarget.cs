namespace LlamaEngine.Fuzz;

/// <summary>One kind of input: where it starts from, how it is damaged, and what reads it.</summary>
/// <remarks>Used by one thread at a time.</remarks>
internal abstract class FuzzTarget
{
    /// <summary>The name on the command line.</summary>
    public abstract string Name { get; }

    /// <summary>Valid inputs; mutations start from these.</summary>
    public abstract IReadOnlyList<byte[]> Seeds { get; }

    /// <summary>Managed bytes, garbage included, that an input of so many bytes may make its reader allocate.</summary>
    public virtual long AllocationLimit(int inputLength) => (32L << 20) + 200L * inputLength;

    /// <summary>Damages an input.</summary>
    /// <param name="seed">A valid input; not changed.</param>
    /// <param name="random">The only source of chance, so that an input can be made again.</param>
    public abstract byte[] Mutate(byte[] seed, Random random);

    /// <summary>
    /// Reads an input as the engine would, and uses what came out. Must succeed or throw a <see cref="LlamaEngineException"/>.
    /// </summary>
    /// <param name="input">The input.</param>
    /// <param name="folder">A folder of its own, on a fast file system; what is written there is overwritten by the next input.</param>
    public abstract void Execute(byte[] input, string folder);
}
