using System.Runtime.CompilerServices;
using LlamaEngine.Backends.Cpu.Packing;

namespace LlamaEngine.Backends.Cpu.Kernels;

/// <summary>Writes the results of a group of 16 weight rows.</summary>
internal static unsafe class GroupOutput
{
    private const int Lanes = PackedLayout.Rows;

    /// <summary>Writes the sums of a group that are outputs and not padding, with their bias.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(float* sums, float* bias, int first, int outputs, float* output)
    {
        int count = Math.Min(Lanes, outputs - first);
        if (count == Lanes && bias == null)
        {
            *(Line*)(output + first) = *(Line*)sums;
            return;
        }
        for (int i = 0; i < count; i++)
            output[first + i] = bias == null ? sums[i] : sums[i] + bias[first + i];
    }

    [InlineArray(Lanes)]
    private struct Line
    {
        private float _first;
    }
}
