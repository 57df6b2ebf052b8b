using System.Text.Json;
using System.Text.Json.Serialization;

namespace LlamaEngine.Rag.Tests.Answering;

/// <summary>A question about the sample's documents, and where its answer stands; all empty but the question: nowhere.</summary>
internal sealed record SampleQuestion(string Question, string Document, string Sentence, string Fact, string[]? Alternatives)
{
    /// <summary>Whether a text says the fact.</summary>
    public bool IsAnsweredBy(string text) =>
        Alternatives!.Append(Fact).Any(fact => text.Contains(fact, StringComparison.OrdinalIgnoreCase));

    /// <summary>Reads a set.</summary>
    public static SampleQuestion[] Read(string name) => JsonSerializer.Deserialize(
        File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Data", $"{name}.json")), QuestionJson.Default.SampleQuestionArray)!;
}

[JsonSourceGenerationOptions(PropertyNameCaseInsensitive = true)]
[JsonSerializable(typeof(SampleQuestion[]))]
internal sealed partial class QuestionJson : JsonSerializerContext;
