using System.CommandLine;
using LlamaEngine.Contexts;

namespace LlamaEngine.Cli;

/// <summary>Options that several commands share.</summary>
internal static class CommonOptions
{
    private const string ThreadsName = "--threads";

    /// <summary>Adds the options that every command takes.</summary>
    public static void AddTo(RootCommand root)
    {
        Option<int?> threads = NumberOptions.Optional(ThreadsName, "N", "CPU threads; default: as many as this process may use.", 1, 1024);
        threads.Recursive = true;
        root.Options.Add(threads);
        root.Options.Add(DeviceOption.Create());
    }

    /// <summary>What the options of <see cref="AddTo"/> say about an engine.</summary>
    public static EngineOptions EngineOptionsOf(ParseResult parsed) => new()
    {
        Threads = parsed.GetValue<int?>(ThreadsName),
        Device = DeviceOption.Of(parsed).Kind,
        DeviceOrdinal = DeviceOption.Of(parsed).Ordinal,
    };

    /// <summary>--model, as a new option of one command.</summary>
    public static Option<string> Model(bool required = true) => new("--model", "-m")
    {
        Description = "A GGUF file (the first part of a split one) or a Hugging Face folder.",
        HelpName = "FILE|FOLDER",
        Required = required,
    };

    /// <summary>--context of a conversation, as a new option of one command.</summary>
    public static Option<int?> Context() => NumberOptions.Optional(
        "--context", "N", "Most positions of a sequence; default: what the model was trained for, at most 8192.", 1, int.MaxValue);

    /// <summary>--precise, as a new option of one command.</summary>
    public static Option<bool> Precise() => new("--precise")
    {
        Description = "Keep activations and KV cache in float32: slower; only the weights are rounded then.",
    };

    /// <summary>Options for measuring a model: as it runs by default, or with --precise.</summary>
    public static EngineOptions WithPrecision(this EngineOptions options, bool precise) =>
        precise ? options with { QuantizedActivations = false, KvCacheType = KvCacheType.F32 } : options;

    /// <summary>Options of an engine that a snapshot fits, as far as they do not come from the model.</summary>
    public static EngineOptions Matching(this EngineOptions options, ContextSnapshot snapshot) => options with
    {
        KvCacheType = snapshot.KvCacheType,
        QuantizedActivations = snapshot.QuantizedActivations,
    };

    /// <summary>--json, as a new option of one command.</summary>
    public static Option<bool> Json() => new("--json") { Description = "Print one JSON value." };
}
