using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using LlamaEngine.Sampling.Structured.Automaton;
using LlamaEngine.Tests.Engine;

namespace LlamaEngine.Tests.Sampling.Structured;

/// <summary>
/// ajv, a validator that others wrote, judges what models wrote for schemas, and agrees with the grammars and with the validator of these tests.
/// </summary>
public class IndependentValidatorTests
{
    private const int Schemas = 150, Values = 25;

    private static readonly JsonSerializerOptions s_plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly NodeProgram s_ajv = new("LlamaEngine.Tests", "Sampling", "Structured", "Node");

    [Fact]
    public async Task Completions_of_the_demo_model_are_valid()
    {
        await AssertValidAsync(await SchemaCompletions.OfDemoModelAsync(), least: 250);
        await using var engine = TestEngine.Create(Lexicon.StandIn);
        await AssertValidAsync(await SchemaCompletions.CompleteAsync(engine, SuiteSchemas(), 120), least: 90);
    }

    [Fact]
    public async Task Completions_of_SmolLM2_are_valid()
    {
        await AssertValidAsync(await SchemaCompletions.OfSmolLM2Async(), least: 12);
        await using InferenceEngine engine = SchemaCompletions.CreateSmolLM2();
        string[] schemas = [.. SuiteSchemas().Where((_, i) => SchemaCompletions.IsLong || i % 4 == 0)];
        await AssertValidAsync(await SchemaCompletions.CompleteAsync(engine, schemas, 40), least: schemas.Length / 2);
    }

    [Fact]
    public async Task Random_values_are_judged_alike()
    {
        List<Question> questions = [];
        foreach ((JsonNode schema, Grammar grammar, RandomSchemas random) in SchemaSource.Take(Schemas))
            questions.Add(new(schema.ToJsonString(), [.. Enumerable.Range(0, Values).Select(_ => random.Value(schema, schema)?.ToJsonString() ?? "null")], (instance, _) => grammar.Accepts(Encoding.UTF8.GetBytes(instance))));
        Dictionary<string, SchemaValidator> validators = questions.DistinctBy(one => one.Schema).ToDictionary(one => one.Schema, one => new SchemaValidator(JsonElement.Parse(one.Schema)));
        (int valid, int invalid) = await AssertAlikeAsync(questions, (question, instance) => validators[question.Schema].IsValid(JsonElement.Parse(instance)));
        Assert.True(valid > 700 && invalid > 700, $"{valid} valid, {invalid} invalid");
    }

    [Fact]
    public async Task The_cases_of_the_official_suite_are_judged_alike()
    {
        // ajv passes over properties of the name __proto__, against the specification.
        SuiteCase[] cases = [.. SchemaSuite.Read().Where(one => one.Grammar is not null && !one.Schema.Contains("__proto__", StringComparison.Ordinal))];
        Dictionary<(string, string), bool> said = [];
        List<Question> questions = [];
        foreach (SuiteCase one in cases)
        {
            // The grammars bound white space, of which the suite has more.
            (string Text, bool IsValid)[] instances = [.. one.Tests.Select(test => (JsonSerializer.Serialize(test.Data, s_plain), test.IsValid))];
            questions.Add(new(one.Schema, [.. instances.Select(instance => instance.Text)], one.Accepts));
            foreach ((string text, bool isValid) in instances)
                said[(one.Schema, text)] = isValid;
        }
        await AssertAlikeAsync(questions, (question, instance) => said[(question.Schema, instance)]);
    }

    private static string[] SuiteSchemas() => [.. SchemaSuite.Read().Where(one => one.Grammar is not null).Select(one => one.Schema)];

    private static async Task AssertValidAsync(SchemaCompletion[] completions, int least)
    {
        SchemaCompletion[] ended = [.. completions.Where(one => one.HasEnded)];
        TestContext.Current.TestOutputHelper!.WriteLine($"{ended.Length} of {completions.Length} completions ended normally");
        Assert.True(ended.Length >= least, $"only {ended.Length} of {completions.Length} completions ended normally");
        JsonNode[] verdicts = await JudgeAsync([.. ended.Select(one => (one.Schema, new[] { one.Completion.Text }))]);
        Assert.Equal([], ended.Zip(verdicts).Where(pair => pair.Second.ToJsonString() != "[true]").Select(pair => $"{pair.First.Schema}\n{pair.First.Completion.Text}\n{pair.Second}"));
    }

    /// <summary>ajv, the grammar and a third judge say the same of every instance; gives how many are valid, and how many are not.</summary>
    private static async Task<(int Valid, int Invalid)> AssertAlikeAsync(List<Question> questions, Func<Question, string, bool> judge)
    {
        JsonNode[] verdicts = await JudgeAsync([.. questions.Select(one => (one.Schema, one.Instances))]);
        int valid = 0, invalid = 0;
        List<string> wrong = [];
        foreach ((Question question, JsonNode verdict) in questions.Zip(verdicts))
        {
            if (verdict is not JsonArray list)
            {
                wrong.Add($"{question.Schema}: {verdict}");
                continue;
            }
            foreach ((string instance, JsonNode? node) in question.Instances.Zip(list))
            {
                (bool ajv, bool own) = ((bool)node!, judge(question, instance));
                bool grammar = question.Accepts(instance, own);
                (valid, invalid) = ajv ? (valid + 1, invalid) : (valid, invalid + 1);
                if (ajv != own || ajv != grammar)
                    wrong.Add($"{question.Schema}\n{instance}\najv: {ajv}, grammar: {grammar}, the other: {own}");
            }
        }
        Assert.True(wrong.Count == 0, $"{wrong.Count}: {string.Join('\n', wrong.Take(20))}");
        return (valid, invalid);
    }

    private static async Task<JsonNode[]> JudgeAsync((string Schema, string[] Instances)[] questions)
    {
        JsonArray asked = [.. questions.Select(one => new JsonObject { ["schema"] = one.Schema, ["instances"] = new JsonArray([.. one.Instances]) })];
        JsonNode[] verdicts = [.. JsonNode.Parse(await s_ajv.RunAsync("validate.mjs", asked.ToJsonString()))!.AsArray().Select(verdict => verdict!)];
        Assert.Equal(questions.Length, verdicts.Length);
        return verdicts;
    }

    /// <param name="Accepts">Whether the grammar has an instance, of which it is known whether it is valid.</param>
    private sealed record Question(string Schema, string[] Instances, Func<string, bool, bool> Accepts);
}
