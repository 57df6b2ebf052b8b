namespace LlamaEngine.Benchmarks.Gpu;

/// <summary>
/// The CUDA kernels at the shapes of Llama models: how far they are from the rate at which this GPU copies memory, or at which NVIDIA's
/// own library multiplies matrices.
/// </summary>
internal static class GpuBenchmark
{
    public static int Run(GpuArguments arguments)
    {
        using GpuRig rig = new(arguments.Quick);
        Measurement copy = CopyRates.OnDevice(rig), fromHost = CopyRates.FromHost(rig);
        Measurement? cublas = CuBlas.Measure(rig, out string reason);
        GpuReport report = new(rig, arguments, copy, fromHost, cublas, reason);
        report.PrintHead();
        List<Measurement> lines = [];
        foreach (Measurement line in MeasureAll(rig))
        {
            lines.Add(line);
            if (!line.IsPart)
                report.Print(line);
        }
        if (arguments.Json is { } file)
            report.Write(file, lines);
        return 0;
    }

    private static IEnumerable<Measurement> MeasureAll(GpuRig rig)
    {
        foreach (ModelShape model in ModelShape.All(rig.Quick))
        {
            foreach (Measurement line in LinearRates.Measure(rig, model))
                yield return line;
            foreach (Measurement line in AttentionRates.Measure(rig, model))
                yield return line;
            foreach (Measurement line in RowRates.Measure(rig, model))
                yield return line;
        }
    }
}
