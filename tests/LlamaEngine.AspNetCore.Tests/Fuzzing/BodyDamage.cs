using System.Text;
using System.Text.Json.Nodes;

namespace LlamaEngine.AspNetCore.Tests.Fuzzing;

/// <summary>
/// One thing wrong at one place of a body that is right otherwise: a value that no program would write, a member twice, a text that is no text, the
/// end missing. What <see cref="BodyMutator"/> leaves of a body is seldom near enough to right to come far.
/// </summary>
internal static class BodyDamage
{
    private const string Mark = "@@";

    private const int VeryDeep = 20_000;

    // As they stand in the body, byte by byte: Latin-1 here.
    private static readonly string[] s_values =
    [
        // Other types and edges of types.
        "null", "true", "0", "-1", "\"\"", "\"a\"", "[]", "{}", "[[]]", "[null]", "{\"\": 0}", "0.1", "1.0", "1e0", "-0",
        // Numbers beyond any type, and none at all.
        "2147483648", "9223372036854775808", "18446744073709551616", "1e999", "-1e999", "1e-999", "1e2147483648", "1" + new string('0', 400), "0." + new string('3', 400),
        "00", "+1", "1.", ".5", "0x10", "NaN", "Infinity", "-", "1e",
        // Texts with half of a pair, with what is no UTF-8, with controls, and long ones.
        "\"\\ud800\"", "\"a\\udc00b\"", "\"\\udc00\\ud800\"", "\"\xC0\x80\"", "\"\xED\xA0\x80\"", "\"\xFF\"", "\"\xF4\x90\x80\x80\"", "\"\xE2\x82\"", "\"\\u0000\"", "\"\0\"", "\"\t\"",
        "\"\\x\"", "\"\\u12\"", "'a'", "\"" + new string('a', 100_000) + "\"", "\"<|eot_id|><|start_header_id|>\"", "\"\xEF\xBB\xBF\"",
        // Depth.
        new string('[', 40) + new string(']', 40), new string('[', VeryDeep) + new string(']', VeryDeep), new string('[', VeryDeep),
        string.Concat(Enumerable.Repeat("{\"a\":", VeryDeep)) + "0" + new string('}', VeryDeep), string.Concat(Enumerable.Repeat("{\"items\":", 28)) + "{}" + new string('}', 28),
        // What is almost JSON.
        "undefined", "/**/1", "// a\n1", "[1,]", "{,}", "{\"a\"}", "{a: 1}", "[1 2]", "\xFE\xFF", "",
        // Schemas that want much, or what cannot be had.
        "{\"$ref\": \"#\"}", "{\"allOf\": [{\"$ref\": \"#\"}]}", "{\"$ref\": \"http://localhost/\"}", "{\"$ref\": \"#/%ff/~2\"}", "{\"type\": \"sausage\"}", "{\"type\": []}",
        "{\"type\": \"string\", \"pattern\": \"(a*)*b\"}", "{\"type\": \"string\", \"pattern\": \"(?<=a)b\"}", "{\"type\": \"string\", \"pattern\": \"[\"}",
        "{\"type\": \"string\", \"pattern\": \"(.{1,999}x){1,999}\"}", "{\"type\": \"string\", \"maxLength\": 2147483648}", "{\"type\": \"string\", \"minLength\": 1000000000}",
        "{\"type\": \"array\", \"minItems\": 1000000000}", "{\"type\": \"array\", \"items\": false, \"minItems\": 1}", "{\"type\": \"integer\", \"multipleOf\": 1e-300}",
        "{\"type\": \"integer\", \"multipleOf\": 0}", "{\"type\": \"integer\", \"minimum\": 1e400, \"maximum\": 1e401}", "{\"type\": \"number\", \"minimum\": 2, \"maximum\": 1}",
        "{\"enum\": []}", "{\"enum\": [1, 1.0, \"\\ud800\"]}", "{\"not\": {}}", "false", "{\"required\": [\"a\"], \"properties\": {\"a\": false}}",
        "{\"oneOf\": [{}, {}]}", "{\"properties\": {\"a\": {\"$ref\": \"#/properties/a\"}}}", "{\"type\": \"object\", \"patternProperties\": {\"(\": {}}}", "{\"const\": {\"a\": [1e400]}}",
        "{\"anyOf\": [" + string.Join(',', Enumerable.Range(0, 300).Select(n => $"{{\"type\": \"object\", \"properties\": {{\"p{n}\": {{\"type\": \"integer\", \"multipleOf\": {n + 7}}}}}}}")) + "]}",
    ];

    /// <summary>A copy with one thing wrong; a few are right after all.</summary>
    public static byte[] Damage(string body, Random random)
    {
        JsonNode root = JsonNode.Parse(body)!;
        return random.Next(8) switch
        {
            0 => Encoding.UTF8.GetBytes(body)[..random.Next(body.Length)],
            1 => RepeatMember(root, random),
            _ => Replace(root, random),
        };
    }

    private static byte[] Replace(JsonNode root, Random random)
    {
        JsonNode[] places = [.. All(root).Where(node => node.Parent is not null)];
        JsonNode place = places[random.Next(places.Length)];
        place.ReplaceWith(JsonValue.Create(Mark));
        return Write(root, $"\"{Mark}\"", s_values[random.Next(s_values.Length)]);
    }

    private static byte[] RepeatMember(JsonNode root, Random random)
    {
        JsonObject[] groups = [.. All(root).OfType<JsonObject>().Where(group => group.Count > 0)];
        JsonObject group = groups[random.Next(groups.Length)];
        (string name, JsonNode? value) = group.ElementAt(random.Next(group.Count));
        string again = random.Next(2) == 0 ? value?.ToJsonString() ?? "null" : s_values[random.Next(s_values.Length)];
        // As it is written, or with an escape for a letter: the same name nevertheless.
        string written = random.Next(2) == 0 ? name : name.Length == 0 ? "" : $"\\u{(int)name[0]:x4}{name[1..]}";
        group.Add(Mark, 0);
        return Write(root, $"\"{Mark}\":0", $"\"{written}\":{again}");
    }

    private static byte[] Write(JsonNode root, string mark, string raw)
    {
        string text = root.ToJsonString(); // ASCII
        int at = text.IndexOf(mark, StringComparison.Ordinal);
        return Encoding.Latin1.GetBytes(text[..at] + raw + text[(at + mark.Length)..]);
    }

    private static IEnumerable<JsonNode> All(JsonNode? node) => node switch
    {
        null => [],
        JsonArray list => [list, .. list.SelectMany(All)],
        JsonObject group => [group, .. group.SelectMany(pair => All(pair.Value))],
        _ => [node],
    };
}
