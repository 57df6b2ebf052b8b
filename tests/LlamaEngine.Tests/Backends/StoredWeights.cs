using LlamaEngine.Formats;
using LlamaEngine.Formats.Quantization;

namespace LlamaEngine.Tests.Backends;

/// <summary>A random matrix of a stored type, and what the scalar decoder makes of it.</summary>
internal sealed unsafe class StoredWeights
{
    public StoredWeights(TensorType type, int outputs, int inputs, int seed)
    {
        (Type, Outputs, Inputs) = (type, outputs, inputs);
        Bytes = Blocks(type, outputs, inputs, seed);
        Values = new float[outputs * inputs];
        fixed (byte* data = Bytes)
        fixed (float* values = Values)
            BlockCodec.Decode(type, data, values, Values.Length);
    }

    /// <summary>Every type by name.</summary>
    public static TheoryData<string> Types
    {
        get
        {
            TheoryData<string> types = [];
            foreach (TensorType type in TensorTypes.All)
                types.Add(type.ToString());
            return types;
        }
    }

    public TensorType Type { get; }

    public int Outputs { get; }

    public int Inputs { get; }

    public byte[] Bytes { get; }

    /// <summary>[outputs, inputs]</summary>
    public float[] Values { get; }

    public long RowBytes => Type.ByteLength(Inputs);

    /// <summary>Sizes of rows that meet the edges of a type's blocks and of a kernel's steps of 128.</summary>
    public static int[] RowSizes(TensorType type) => type.ValuesPerBlock() switch
    {
        1 => [1, 7, 8, 127, 128, 131, 264],
        32 => [32, 96, 128, 160, 512],
        _ => [256, 768],
    };

    /// <summary>Random bits with scales that are small positive or negative numbers; all codes 0 in the first row, all ones in the second.</summary>
    public static byte[] Blocks(TensorType type, int outputs, int inputs, int seed)
    {
        Random random = new(seed);
        byte[] data = new byte[type.ByteLength((long)outputs * inputs)];
        random.NextBytes(data);
        int rowBytes = (int)type.ByteLength(inputs);
        if (outputs > 1)
        {
            data.AsSpan(0, rowBytes).Clear();
            data.AsSpan(rowBytes, rowBytes).Fill(0xFF);
        }
        for (int start = 0; start < data.Length; start += type.BytesPerBlock())
        {
            foreach (int scale in ScaleOffsets(type))
                BitConverter.TryWriteBytes(data.AsSpan(start + scale), (Half)(random.NextSingle() - 0.4f));
            if (type == TensorType.F32)
                BitConverter.TryWriteBytes(data.AsSpan(start), random.NextSingle() - 0.5f);
            if (type == TensorType.BF16)
                data[start + 1] = (byte)(0x3E | data[start + 1] & 0x80);
        }
        return data;
    }

    private static int[] ScaleOffsets(TensorType type) => type switch
    {
        TensorType.Q4_1 or TensorType.Q5_1 or TensorType.Q4_K or TensorType.Q5_K => [0, 2],
        TensorType.Q2_K => [80, 82],
        TensorType.Q3_K => [108],
        TensorType.Q6_K => [208],
        TensorType.F32 or TensorType.BF16 => [],
        _ => [0],
    };
}
