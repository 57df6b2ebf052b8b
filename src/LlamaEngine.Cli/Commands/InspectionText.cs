using System.Globalization;
using LlamaEngine.Formats;
using LlamaEngine.Models;

namespace LlamaEngine.Cli.Commands;

/// <summary>Writes an inspection for people.</summary>
internal static class InspectionText
{
    private const double Megabyte = 1e6;

    /// <summary>Facts, memory, types, then every tensor.</summary>
    public static void Write(ModelInspection model, TextWriter output)
    {
        foreach ((string name, string value) in Facts(model))
            output.WriteLine($"{name,-15}{value}");
        output.WriteLine();
        foreach (ModelInspection.TypeTotal type in model.Types)
            output.WriteLine(Text($"{type.Type,-8}{type.Tensors,6} tensors {type.Parameters,18:N0} weights {type.Bytes / Megabyte,12:N1} MB"));
        output.WriteLine();
        foreach (TensorInfo tensor in model.Tensors)
            output.WriteLine($"{tensor.Type,-8}{string.Join(" x ", tensor.Shape),-18}{tensor.Name}");
    }

    private static IEnumerable<(string Name, string Value)> Facts(ModelInspection model)
    {
        LlamaConfiguration sizes = model.Configuration;
        yield return ("name", model.Name);
        yield return ("architecture", sizes.Architecture);
        yield return ("network", Text($"{sizes.LayerCount} layers, hidden {sizes.HiddenSize}, feed-forward {sizes.IntermediateSize}")
            + Text($", vocabulary {sizes.VocabularySize}") + (sizes.TiedEmbeddings ? ", tied output" : ""));
        yield return ("attention", Text($"{sizes.HeadCount} heads of {sizes.HeadSize}, {sizes.KeyValueHeadCount} for keys and values")
            + (sizes.SlidingWindow is { } window ? Text($", window {window}") : ""));
        yield return ("rope", Text($"base {sizes.Rope.Base}, {sizes.Rope.Dimension} dimensions, scaling {sizes.Rope.Scaling}")
            + (sizes.Rope.Scaling == RopeScaling.None ? "" : Text($" by {sizes.Rope.Factor}")));
        yield return ("context", Text($"{sizes.ContextLength} tokens"));
        yield return ("weights", Text($"{model.ParameterCount:N0} in {model.WeightBytes / Megabyte:N1} MB"));
        yield return ("KV cache", Text($"{model.CacheBytesPerToken:N0} bytes a token, {model.CacheBytes / Megabyte:N1} MB for the full context"));
        yield return ("tokenizer", model.Tokenizer ?? "none");
        yield return ("chat template", model.HasChatTemplate ? "yes" : "none");
        yield return ("end tokens", model.EndTokenIds.IsEmpty ? "none" : string.Join(", ", model.EndTokenIds));
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
