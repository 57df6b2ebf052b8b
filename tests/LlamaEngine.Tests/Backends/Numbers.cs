namespace LlamaEngine.Tests.Backends;

/// <summary>Reproducible numbers.</summary>
internal static class Numbers
{
    /// <summary>Evenly spread in [−size, size).</summary>
    public static float[] Random(int count, int seed, float size = 1)
    {
        Random random = new(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
            values[i] = (random.NextSingle() * 2 - 1) * size;
        return values;
    }
}
