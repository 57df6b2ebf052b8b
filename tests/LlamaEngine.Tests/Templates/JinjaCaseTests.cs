using System.Text.Json.Nodes;
using LlamaEngine.Templates;

namespace LlamaEngine.Tests.Templates;

/// <summary>Every feature of the language, against what jinja2 answered (tests/data/templates/make_cases.py).</summary>
public sealed class JinjaCaseTests
{
    [Fact]
    public void Every_case_is_answered_as_by_jinja2()
    {
        JsonNode table = JsonNode.Parse(File.ReadAllText(SharedData.Own("templates", "jinja-cases.json")))!;
        JsonObject variables = table["variables"]!.AsObject();
        List<string> failures = [];
        foreach (JsonNode? one in table["cases"]!.AsArray())
        {
            if (Difference(one!.AsObject(), variables) is { } difference)
                failures.Add($"{one["template"]}\n    {difference}");
        }
        Assert.True(failures.Count == 0, $"{failures.Count} cases differ:\n{string.Join('\n', failures)}");
    }

    private static string? Difference(JsonObject expected, JsonObject variables)
    {
        string answer = Answer(expected["template"]!.GetValue<string>(), variables);
        if (expected["output"] is { } output)
            return answer == "output " + output ? null : $"expected: {output.ToJsonString()}, got {JsonValue.Create(answer).ToJsonString()}";
        if (expected["invalid"] is not null)
            return answer.StartsWith("invalid", StringComparison.Ordinal) ? null : $"expected a syntax error, got {answer}";
        if (expected["error"] is { } error)
            return answer == "error " + error ? null : $"expected error: {error}, got {answer}";
        return answer.StartsWith("error", StringComparison.Ordinal) ? null : $"expected an error, got {answer}";
    }

    private static string Answer(string template, JsonObject variables)
    {
        try
        {
            return "output " + ChatTemplate.Parse(template).Render(variables, FixedClock.Golden);
        }
        catch (ModelFormatException e)
        {
            return "invalid " + e.Message;
        }
        catch (ChatTemplateException e)
        {
            return "error " + e.Message;
        }
    }
}
