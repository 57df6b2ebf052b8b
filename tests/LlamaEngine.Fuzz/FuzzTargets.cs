using LlamaEngine.Fuzz.Targets;

namespace LlamaEngine.Fuzz;

/// <summary>All targets by name.</summary>
internal static class FuzzTargets
{
    /// <summary>The names.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "gguf", "safetensors", "safetensors-index", "config", "generation-config", "tokenizer-config", "tokenizer-json", "tokenizer-model", "template",
    ];

    /// <summary>Makes a target, with its seeds.</summary>
    /// <exception cref="ArgumentException">There is no such target.</exception>
    public static FuzzTarget Create(string name) => name switch
    {
        "gguf" => new GgufTarget(),
        "safetensors" => FolderTarget.Safetensors(),
        "safetensors-index" => FolderTarget.Index(),
        "config" => FolderTarget.Config(),
        "generation-config" or "tokenizer-config" => FolderTarget.Settings().First(target => target.Name == name),
        "tokenizer-json" => TokenizerTarget.Json(),
        "tokenizer-model" => TokenizerTarget.Model(),
        "template" => new TemplateTarget(),
        _ => throw new ArgumentException($"Unknown target '{name}'; known: {string.Join(", ", Names)}, all."),
    };
}
