using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace LlamaEngine.Cli;

/// <summary>--device: what computes.</summary>
internal static class DeviceOption
{
    private const string Name = "--device", CudaPrefix = "cuda:";

    // No machine has more GPUs.
    private const int MostOrdinal = 1023;

    /// <summary>What --device can say.</summary>
    /// <param name="Kind">The kind of device.</param>
    /// <param name="Ordinal">Which of several GPUs, counted among the visible ones; null: not said.</param>
    public readonly record struct Request(DeviceKind Kind, int? Ordinal);

    /// <summary>The option, for every command.</summary>
    public static Option<Request> Create() => new(Name)
    {
        Description = "What computes; default: auto. N counts the GPUs that CUDA_VISIBLE_DEVICES leaves visible.",
        HelpName = "auto|cpu|cuda|cuda:N",
        Recursive = true,
        CustomParser = Parse,
    };

    /// <summary>What a command line says.</summary>
    public static Request Of(ParseResult parsed) => parsed.GetValue<Request>(Name);

    private static Request Parse(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        switch (text)
        {
            case "auto":
                return default;
            case "cpu":
                return new Request(DeviceKind.Cpu, null);
            case "cuda":
                return new Request(DeviceKind.Cuda, null);
        }
        if (text.StartsWith(CudaPrefix, StringComparison.Ordinal)
            && int.TryParse(text.AsSpan(CudaPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int ordinal)
            && ordinal <= MostOrdinal)
        {
            return new Request(DeviceKind.Cuda, ordinal);
        }
        result.AddError($"{Name} takes auto, cpu, cuda or cuda:N with N from 0 to {MostOrdinal}, not '{text}'.");
        return default;
    }
}
