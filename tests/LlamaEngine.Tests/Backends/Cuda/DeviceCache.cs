using System.Runtime.InteropServices;
using LlamaEngine.Backends;
using LlamaEngine.Backends.Cuda.Kernels;

namespace LlamaEngine.Tests.Backends.Cuda;

/// <summary>The bytes of a KV cache as kernels.h lays them out, made on the host: 0xFF (NaN) wherever nothing was stored.</summary>
internal sealed class DeviceCache
{
    private readonly KvLayout _layout;
    private readonly int _valueOffset, _keyScaleOffset, _valueScaleOffset, _layerBytes;

    public DeviceCache(KvLayout layout, int blocks)
    {
        _layout = layout;
        int rows = layout.KeyValueHeads * layout.BlockSize;
        int numbers = KvLayout.Pad(rows * layout.HeadSize * layout.ElementBytes), scales = KvLayout.Pad(rows * layout.ScaleGroups * KvLayout.ScaleBytes);
        (_valueOffset, _keyScaleOffset, _valueScaleOffset) = (numbers, 2 * numbers, 2 * numbers + scales);
        _layerBytes = 2 * (numbers + scales);
        Bytes = new byte[(long)blocks * layout.Layers * _layerBytes];
        Bytes.AsSpan().Fill(0xFF);
    }

    public byte[] Bytes { get; set; }

    public CacheView View(ulong address, int layer) => new()
    {
        Layer = address + (ulong)(layer * _layerBytes),
        BlockBytes = _layout.Layers * _layerBytes,
        ValueOffset = _valueOffset,
        KeyScaleOffset = _keyScaleOffset,
        ValueScaleOffset = _valueScaleOffset,
        KeyValueHeads = _layout.KeyValueHeads,
        HeadSize = _layout.HeadSize,
        BlockSize = _layout.BlockSize,
    };

    /// <summary>The numbers of one head at a slot.</summary>
    public Span<byte> Numbers(int layer, int slot, int head, bool values)
    {
        int bytes = _layout.HeadSize * _layout.ElementBytes;
        return Bytes.AsSpan(Start(layer, slot) + (values ? _valueOffset : 0) + Row(slot, head) * bytes, bytes);
    }

    /// <summary>Its scales.</summary>
    public Span<byte> Scales(int layer, int slot, int head, bool values)
    {
        int bytes = _layout.ScaleGroups * KvLayout.ScaleBytes;
        return Bytes.AsSpan(Start(layer, slot) + (values ? _valueScaleOffset : _keyScaleOffset) + Row(slot, head) * bytes, bytes);
    }

    /// <summary>Stores a head as the type's definition says, and gives what stands there now.</summary>
    public double[] Store(int layer, int slot, int head, bool values, ReadOnlySpan<float> source)
    {
        Span<byte> numbers = Numbers(layer, slot, head, values);
        double[] rounded = KvRounding.Round(_layout.Type, source);
        for (int i = 0; i < source.Length && _layout.Type != KvType.Q8_0; i++)
        {
            switch (_layout.Type)
            {
                case KvType.F32:
                    MemoryMarshal.Cast<byte, float>(numbers)[i] = source[i];
                    break;
                case KvType.F16:
                    MemoryMarshal.Cast<byte, Half>(numbers)[i] = (Half)source[i];
                    break;
                default:
                    MemoryMarshal.Cast<byte, ushort>(numbers)[i] = (ushort)(BitConverter.SingleToUInt32Bits((float)rounded[i]) >> 16);
                    break;
            }
        }
        if (_layout.Type == KvType.Q8_0)
            StoreBytes(source, MemoryMarshal.Cast<byte, sbyte>(numbers), MemoryMarshal.Cast<byte, Half>(Scales(layer, slot, head, values)));
        return rounded;
    }

    private static void StoreBytes(ReadOnlySpan<float> source, Span<sbyte> numbers, Span<Half> scales)
    {
        for (int first = 0; first < source.Length; first += KvLayout.GroupSize)
        {
            ReadOnlySpan<float> group = source[first..Math.Min(first + KvLayout.GroupSize, source.Length)];
            float largest = 0;
            foreach (float value in group)
                largest = Math.Max(largest, Math.Abs(value));
            Half scale = scales[first / KvLayout.GroupSize] = (Half)(largest / 127);
            for (int i = 0; i < group.Length; i++)
                numbers[first + i] = scale == Half.Zero ? (sbyte)0 : (sbyte)Math.Round(group[i] * (1 / (largest / 127)));
        }
    }

    private int Start(int layer, int slot) => (slot / _layout.BlockSize * _layout.Layers + layer) * _layerBytes;

    private int Row(int slot, int head) => head * _layout.BlockSize + slot % _layout.BlockSize;
}
