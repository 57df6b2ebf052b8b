using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace LlamaEngine.AspNetCore.Bulk.Storage;

/// <summary>Files and batches as JSON, on the disk and in replies; keys are snake_case, what is null is written.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(FileObject))]
[JsonSerializable(typeof(BatchObject))]
[JsonSerializable(typeof(ListPage<FileObject>))]
[JsonSerializable(typeof(ListPage<BatchObject>))]
[JsonSerializable(typeof(DeletedFile))]
internal sealed partial class BulkJson : JsonSerializerContext
{
    /// <summary>The context to use: text in other scripts stays readable.</summary>
    public static BulkJson Relaxed =>
        field ??= new BulkJson(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}

/// <summary>A part of a list.</summary>
/// <param name="Data">What is in this part.</param>
/// <param name="FirstId">The first of them; null: there are none.</param>
/// <param name="LastId">The last of them, behind which the next part begins.</param>
/// <param name="HasMore">There is a next part.</param>
internal sealed record ListPage<T>(ImmutableArray<T> Data, string? FirstId, string? LastId, bool HasMore)
{
    /// <summary>What this is, for clients.</summary>
    public string Object { get; init; } = "list";
}

/// <summary>The reply to a deletion.</summary>
internal sealed record DeletedFile(string Id, bool Deleted)
{
    /// <summary>What this is, for clients.</summary>
    public string Object { get; init; } = "file";
}
