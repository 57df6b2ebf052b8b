using System.Text.Json.Serialization;

namespace LlamaEngine.AspNetCore.Bulk.Items;

/// <summary>What is wrong with the input of a batch.</summary>
/// <param name="Code">A word that programs can test for: <c>invalid_json_line</c>.</param>
/// <param name="Message">For whoever wrote the input.</param>
/// <param name="Parameter">The field that is to blame; null: none.</param>
/// <param name="Line">The line, counted from 1; null: none.</param>
internal sealed record BatchError(
    string Code, string Message, [property: JsonPropertyName("param")] string? Parameter = null, long? Line = null);
