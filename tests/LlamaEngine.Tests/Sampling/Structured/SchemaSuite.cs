using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using LlamaEngine.Sampling.Structured.Automaton;
using LlamaEngine.Sampling.Structured.Schemas;

namespace LlamaEngine.Tests.Sampling.Structured;

/// <summary>A schema of the official test suite, and what its instances are.</summary>
/// <param name="Name">Its file and description.</param>
/// <param name="Grammar">What it compiles to; null: it is refused.</param>
/// <param name="Refusal">Why; null: it is not.</param>
internal sealed record SuiteCase(string Name, string Schema, Grammar? Grammar, UnsupportedSchemaException? Refusal, (string Name, JsonElement Data, bool IsValid)[] Tests)
{
    /// <summary>Whether the grammar has an instance. A whole number is never written with a point, though it may be valid so: then it counts without.</summary>
    public bool Accepts(string text, bool isValid) =>
        Grammar!.Accepts(Encoding.UTF8.GetBytes(text)) || (isValid && Grammar.Accepts(Encoding.UTF8.GetBytes(WithoutZeros(text))));

    private static string WithoutZeros(string json) => Regex.Replace(json, @"(?<=\d)\.0+(?![\d"".])", "");
}

/// <summary>The official test suite of JSON Schema, draft 2020-12.</summary>
internal static class SchemaSuite
{
    /// <summary>All its schemas; skips the running test where the suite is not there.</summary>
    public static IEnumerable<SuiteCase> Read()
    {
        foreach (string file in Directory.EnumerateFiles(SharedData.Shared("golden", "json-schema"), "*.json").Order(StringComparer.Ordinal))
        {
            foreach (JsonElement group in JsonElement.Parse(File.ReadAllBytes(file)).EnumerateArray())
                yield return Read(Path.GetFileName(file), group);
        }
    }

    private static SuiteCase Read(string file, JsonElement group)
    {
        string schema = group.GetProperty("schema").GetRawText();
        (string, JsonElement, bool)[] tests =
        [
            .. group.GetProperty("tests").EnumerateArray()
                .Select(test => (test.GetProperty("description").GetString()!, test.GetProperty("data"), test.GetProperty("valid").GetBoolean())),
        ];
        string name = $"{file}: {group.GetProperty("description")}";
        try
        {
            return new SuiteCase(name, schema, SchemaCompiler.Compile(schema), null, tests);
        }
        catch (UnsupportedSchemaException exception)
        {
            return new SuiteCase(name, schema, null, exception, tests);
        }
    }
}
