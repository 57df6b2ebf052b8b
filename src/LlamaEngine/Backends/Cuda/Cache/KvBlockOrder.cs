namespace LlamaEngine.Backends.Cuda.Cache;

/// <summary>Turns blocks between the device's order (<see cref="KvBlockLayout"/>) and the one outside of devices (<see cref="KvStore"/>).</summary>
internal static unsafe class KvBlockOrder
{
    /// <summary>From the device's order.</summary>
    public static void ToOutside(KvLayout layout, byte* stored, byte* outside) => Walk(layout, stored, outside, outwards: true);

    /// <summary>To the device's order; bytes between its parts are left alone.</summary>
    public static void FromOutside(KvLayout layout, byte* outside, byte* stored) => Walk(layout, stored, outside, outwards: false);

    private static void Walk(KvLayout layout, byte* stored, byte* outside, bool outwards)
    {
        var places = new KvBlockLayout(layout);
        int positions = layout.BlockSize, values = layout.HeadSize, groups = layout.ScaleGroups, element = layout.ElementBytes;
        long headBytes = (long)positions * values * element, headScaleBytes = (long)positions * groups * KvLayout.ScaleBytes;
        for (int layer = 0; layer < layout.Layers; layer++, stored += places.LayerBytes)
        {
            for (int head = 0; head < layout.KeyValueHeads; head++)
            {
                Turn(stored + places.KeyScaleOffset + head * headScaleBytes, positions, groups, KvLayout.ScaleBytes, ref outside, outwards);
                Turn(stored + head * headBytes, positions, values, element, ref outside, outwards);
            }
            for (int head = 0; head < layout.KeyValueHeads; head++)
            {
                Turn(stored + places.ValueScaleOffset + head * headScaleBytes, positions, groups, KvLayout.ScaleBytes, ref outside, outwards);
                byte* device = stored + places.ValueOffset + head * headBytes;
                Buffer.MemoryCopy(outwards ? device : outside, outwards ? outside : device, headBytes, headBytes);
                outside += headBytes;
            }
        }
    }

    // Between [rows][columns] on the device and [columns][rows] outside.
    private static void Turn(byte* device, int rows, int columns, int elementBytes, ref byte* outside, bool outwards)
    {
        switch (elementBytes)
        {
            case 1:
                Turn<byte>(device, rows, columns, outside, outwards);
                break;
            case 2:
                Turn<ushort>(device, rows, columns, outside, outwards);
                break;
            default:
                Turn<uint>(device, rows, columns, outside, outwards);
                break;
        }
        outside += (long)rows * columns * elementBytes;
    }

    private static void Turn<T>(void* device, int rows, int columns, void* outside, bool outwards) where T : unmanaged
    {
        T* inner = (T*)device, outer = (T*)outside;
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                if (outwards)
                    outer[(long)column * rows + row] = inner[(long)row * columns + column];
                else
                    inner[(long)row * columns + column] = outer[(long)column * rows + row];
            }
        }
    }
}
