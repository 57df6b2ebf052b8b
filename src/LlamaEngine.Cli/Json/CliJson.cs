using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace LlamaEngine.Cli.Json;

/// <summary>Everything the command reads and writes as JSON; keys are snake_case.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(int[]))]
[JsonSerializable(typeof(int[][]))]
[JsonSerializable(typeof(JsonNode))]
[JsonSerializable(typeof(TemplateError))]
[JsonSerializable(typeof(GenerateResult))]
[JsonSerializable(typeof(PerplexityResult))]
[JsonSerializable(typeof(BenchResult))]
[JsonSerializable(typeof(ServingResult))]
[JsonSerializable(typeof(SavedChat))]
[JsonSerializable(typeof(SnapshotResult))]
[JsonSerializable(typeof(TransferResult))]
[JsonSerializable(typeof(DoctorResult))]
internal sealed partial class CliJson : JsonSerializerContext
{
    /// <summary>The context to use: text in other scripts stays readable.</summary>
    public static CliJson Relaxed =>
        field ??= new CliJson(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>Writes one JSON value.</summary>
    public static string Write<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.Serialize(value, type);
}

/// <summary>What <c>template</c> answers where rendering failed.</summary>
internal sealed record TemplateError(string Error);
