using System.Text;

namespace LlamaEngine.Fuzz.Mutation;

/// <summary>Damages JSON so that most results are still JSON: the wrong value in the right place.</summary>
internal static class JsonMutator
{
    private static readonly string[] s_inventions =
    [
        "0", "-1", "1", "0.5", "2147483647", "2147483648", "-9223372036854775808", "9223372036854775808", "1e308", "-1e308", "1e999",
        "1e-400", "18446744073709551616", "\"\"", "\"\\ud800\"", "\"\\u0000\"", "\"llama\"", "\"yarn\"", "\"../../etc/passwd\"", "null",
        "true", "false", "[]", "{}", "[[]]", "[null]", "[1,-1]", "{\"a\":1}", ",", ":", "[", "{", "}", "]", "NaN", "\uFEFF", "\"\u2581\"",
        "128256", "1000000000", "\"type\":\"Sequence\",", "\"rope_type\":\"llama3\",",
    ];

    private static readonly string[] s_values = [.. s_inventions.Where(text => text.Length > 2 || char.IsDigit(text[0])).Where(text => !text.EndsWith(','))];

    private static readonly (string, string)[] s_nests = [("[", "]"), ("{\"a\":", "}"), ("{\"type\":\"Sequence\",\"normalizers\":[", "]}"), ("\"", "\"")];

    /// <summary>Damages a document: mostly values, so that it stays JSON and gets past the parser.</summary>
    public static byte[] Mutate(byte[] json, Random random)
    {
        List<string> tokens = Tokens(Encoding.UTF8.GetString(json));
        if (random.Next(3) == 0)
            return TextMutator.Mutate(tokens, s_inventions, s_nests, random);
        int[] scalars = [.. Enumerable.Range(0, tokens.Count).Where(i => IsScalar(tokens[i]))];
        for (int i = 1 + random.Next(3) * random.Next(2); i > 0 && scalars.Length > 0; i--)
        {
            int at = scalars[random.Next(scalars.Length)];
            tokens[at] = random.Next(2) == 0
                ? tokens[scalars[random.Next(scalars.Length)]]
                : s_values[random.Next(s_values.Length)];
        }
        return Encoding.UTF8.GetBytes(string.Concat(tokens));
    }

    private static bool IsScalar(string token) => token[0] == '"' || char.IsLetterOrDigit(token[0]);

    /// <summary>Cuts JSON into strings, numbers, names and signs; white space goes with what precedes it.</summary>
    private static List<string> Tokens(string json)
    {
        var tokens = new List<string>();
        for (int start = 0; start < json.Length;)
        {
            int end = EndOfToken(json, start);
            while (end < json.Length && char.IsWhiteSpace(json[end]))
                end++;
            tokens.Add(json[start..end]);
            start = end;
        }
        return tokens;
    }

    private static int EndOfToken(string json, int start)
    {
        int end = start + 1;
        if (json[start] == '"')
        {
            while (end < json.Length && json[end] != '"')
                end += json[end] == '\\' ? 2 : 1;
            return Math.Min(end + 1, json.Length);
        }
        while (char.IsLetterOrDigit(json[start]) && end < json.Length && (char.IsLetterOrDigit(json[end]) || json[end] is '.' or '+' or '-'))
            end++;
        return end;
    }
}
