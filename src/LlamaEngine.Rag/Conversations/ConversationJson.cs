using System.Text.Json.Serialization;

namespace LlamaEngine.Rag;

/// <summary>The columns of a turn that are JSON.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(IReadOnlyList<CitedPassage>))]
[JsonSerializable(typeof(IReadOnlyList<int>))]
[JsonSerializable(typeof(AnswerUsage))]
internal sealed partial class ConversationJson : JsonSerializerContext;
