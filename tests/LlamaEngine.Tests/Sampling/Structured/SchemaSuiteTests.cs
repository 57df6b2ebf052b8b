using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace LlamaEngine.Tests.Sampling.Structured;

/// <summary>The official test suite of JSON Schema, draft 2020-12: what is accepted is accepted exactly, everything else is refused by name.</summary>
public class SchemaSuiteTests
{
    // Schemas that compile today, of those of the suite. A change that refuses more must say so here.
    private const int LeastAccepted = 183;

    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Fact]
    public void Instances_of_the_suite_are_judged_as_it_says()
    {
        int accepted = 0, refused = 0, judged = 0;
        var wrong = new List<string>();
        var reasons = new SortedDictionary<string, int>();
        foreach (SuiteCase one in SchemaSuite.Read())
        {
            if (one.Grammar is null)
            {
                refused++;
                string message = one.Refusal!.Message, reason = $"{one.Refusal.Keyword}: {message[(message.IndexOf("supported: ", StringComparison.Ordinal) + 11)..]}";
                reasons[reason] = reasons.GetValueOrDefault(reason) + 1;
                continue;
            }
            accepted++;
            foreach ((string name, JsonElement data, bool valid) in one.Tests)
            {
                foreach (string text in Writings(data))
                {
                    judged++;
                    if (one.Accepts(text, valid) != valid)
                        wrong.Add($"{one.Name} / {name}: {text}, should be {(valid ? "valid" : "invalid")}");
                }
            }
        }
        string summary = $"{accepted} schemas accepted, {refused} refused, {judged} writings judged";
        TestContext.Current.TestOutputHelper!.WriteLine($"{summary}\n{string.Join('\n', reasons.Select(pair => $"{pair.Value} × {pair.Key}"))}");
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.True(accepted >= LeastAccepted, summary);
    }

    // As the suite writes numbers and escapes, compactly and with spaces; and as System.Text.Json writes it.
    private static string[] Writings(JsonElement data) =>
    [
        Squeeze(data.GetRawText(), ""), Squeeze(data.GetRawText(), " "), JsonSerializer.Serialize(data), JsonSerializer.Serialize(data, s_indented),
    ];

    private static string Squeeze(string json, string space)
    {
        var result = new StringBuilder();
        bool inString = false;
        for (int i = 0; i < json.Length; i++)
        {
            if (json[i] == '"' && !(inString && json[i - 1] == '\\' && json[i - 2] != '\\'))
                inString = !inString;
            if (!inString && char.IsWhiteSpace(json[i]))
                continue;
            result.Append(json[i]);
            if (!inString && json[i] is (':' or ','))
                result.Append(space);
        }
        return result.ToString();
    }
}
