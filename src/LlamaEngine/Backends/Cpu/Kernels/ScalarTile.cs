namespace LlamaEngine.Backends.Cpu.Kernels;

/// <summary>The definition of <see cref="ITile"/>.</summary>
internal readonly unsafe struct ScalarTile<TShape> : ITile where TShape : struct, IStepShape
{
    private const int Lanes = 16;

    public static void Multiply2x4(byte* panel, int panelStride, byte* activations, int steps, float* sums)
    {
        for (int p = 0; p < 2; p++)
        {
            for (int row = 0; row < Step<TShape>.TileRows; row++, sums += Lanes)
                Multiply(panel + p * panelStride, activations, row, Step<TShape>.TileRows, steps, sums);
        }
    }

    public static void Multiply1x1(byte* panel, byte* activations, int steps, float* sums) =>
        Multiply(panel, activations, 0, 1, steps, sums);

    private static void Multiply(byte* panel, byte* activations, int row, int rows, int steps, float* sums)
    {
        for (int step = 0; step < steps; step++)
        {
            int* codes = (int*)activations + row;
            float activationScale = *(float*)(codes + TShape.Groups * rows);
            int* correction = codes + (TShape.Groups + 1) * rows;
            float* scales = (float*)(panel + Step<TShape>.ScaleOffset), minima = scales + Lanes;
            for (int lane = 0; lane < Lanes; lane++)
            {
                int sum = TShape.IsWide || TShape.HasMinimum ? 0 : *correction;
                for (int group = 0; group < TShape.Groups; group++)
                    sum += Dot((int*)(panel + group * Step<TShape>.VectorBytes) + lane, codes + group * rows);
                sums[lane] = MathF.FusedMultiplyAdd(sum * scales[lane], activationScale, sums[lane]);
                if (TShape.HasMinimum)
                    sums[lane] = MathF.FusedMultiplyAdd(minima[lane], *(float*)correction, sums[lane]);
            }
            panel += Step<TShape>.PanelBytes;
            activations += Step<TShape>.ActivationBytes(rows);
        }
    }

    private static int Dot(int* weight, int* activation)
    {
        if (TShape.IsWide)
            return ((short*)weight)[0] * ((short*)activation)[0] + ((short*)weight)[1] * ((short*)activation)[1];
        int sum = 0;
        for (int i = 0; i < 4; i++)
            sum += ((byte*)weight)[i] * ((sbyte*)activation)[i];
        return sum;
    }
}
