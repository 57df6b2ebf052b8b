using System.Buffers.Binary;
using System.Numerics.Tensors;

namespace LlamaEngine.Rag;

/// <summary>Vectors as the database keeps them: float32, little-endian, of length 1.</summary>
internal static class Vectors
{
    /// <summary>Brings a vector to length 1; one of zeros stays as it is.</summary>
    public static void Normalize(Span<float> vector)
    {
        float length = TensorPrimitives.Norm(vector);
        if (length > 0)
            TensorPrimitives.Divide(vector, length, vector);
    }

    /// <summary>A copy of length 1.</summary>
    /// <exception cref="ArgumentException">A number is infinite or not a number.</exception>
    public static float[] Unit(ReadOnlySpan<float> vector, string parameter)
    {
        float[] unit = vector.ToArray();
        foreach (float value in unit)
        {
            if (!float.IsFinite(value))
                throw new ArgumentException($"A vector holds {value}; all its numbers have to be finite.", parameter);
        }
        Normalize(unit);
        return unit;
    }

    /// <summary>A vector's bytes.</summary>
    public static byte[] ToBytes(ReadOnlySpan<float> vector)
    {
        byte[] bytes = new byte[vector.Length * sizeof(float)];
        for (int i = 0; i < vector.Length; i++)
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), vector[i]);
        return bytes;
    }

    /// <summary>The vector of some bytes.</summary>
    public static float[] FromBytes(ReadOnlySpan<byte> bytes)
    {
        float[] vector = new float[bytes.Length / sizeof(float)];
        for (int i = 0; i < vector.Length; i++)
            vector[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes[(i * sizeof(float))..]);
        return vector;
    }
}
