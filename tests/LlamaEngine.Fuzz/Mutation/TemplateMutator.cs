using System.Text;

namespace LlamaEngine.Fuzz.Mutation;

/// <summary>Damages Jinja templates by tokens, and invents expensive and deep ones.</summary>
internal static class TemplateMutator
{
    private static readonly string[] s_inventions =
    [
        "{{", "}}", "{%", "%}", "{%-", "-%}", "{#", "#}", "(", ")", "[", "]", "{", "}", "|", "~", ".", ",", ":", "=", "==", "**", "//", "%", "'",
        " for ", " endfor ", " if ", " elif ", " else ", " endif ", " set ", " endset ", " macro ", " endmacro ", " in ", " not ", " is ", " and ",
        " defined ", " none ", " loop ", " namespace() ", " recursive ", " break ", " continue ", " generation ", " filter ", " call ", " raw ",
        "messages", "message", "'x' * 1000000000", "range(1000000000)", "10 ** 10 ** 10", "9223372036854775807", "-9223372036854775808", "1e308",
        "1 // 0", "1 % 0", "'a' ~ 'b'", "[1] * 100000000", "|tojson", "|tojson(indent=1000000)", "|trim", "|length", "|join(',')", "|list", "|sort",
        "|map(attribute='content')", "|selectattr('role', 'equalto', 'user')", "|replace('', 'aa')", "|indent(100000)", "|center(1000000000)",
        "|reverse", "|unique", "|dictsort", "|items", "|int", "|float", "|string", "|default('x')", "|batch(0)", "|round", ".split('')", ".strip()",
        ".startswith(1)", ".format(1)", "[::0]", "[::-1]", "[-1]", "[1:2:3]", "raise_exception('x')", "strftime_now('%Y')", "strftime_now('%')",
        "{% for i in range(100000) %}{% for j in range(100000) %}x{% endfor %}{% endfor %}", "{% set x = messages %}", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% set ns = namespace(a=[]) %}{% for i in range(99999) %}{% set ns.a = ns.a + ns.a + [ns] %}{% endfor %}{{ ns.a }}",
        "{% set ns = namespace(s='xx') %}{% for i in range(99) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}{{ ns.s }}",
    ];

    private static readonly (string, string)[] s_nests =
    [
        ("(", ")"), ("[", "]"), ("{'a':", "}"), ("{% if true %}", "{% endif %}"), ("{% for i in [1] %}", "{% endfor %}"), ("not ", ""), ("-", ""), ("a.", ""),
        ("a|", ""), ("a if b else ", ""), ("{{ ", " }}"), ("'", "'"),
    ];

    /// <summary>Damages a template.</summary>
    public static byte[] Mutate(byte[] template, Random random) =>
        TextMutator.Mutate(Tokens(Encoding.UTF8.GetString(template)), s_inventions, s_nests, random);

    /// <summary>Cuts a template into words, runs of white space, delimiters and single signs.</summary>
    private static List<string> Tokens(string template)
    {
        var tokens = new List<string>();
        for (int start = 0; start < template.Length;)
        {
            int end = start + 1;
            Func<char, bool>? same = IsWord(template[start]) ? IsWord : char.IsWhiteSpace(template[start]) ? char.IsWhiteSpace : null;
            if (same is not null)
            {
                while (end < template.Length && same(template[end]))
                    end++;
            }
            else if (end < template.Length && template[start] is '{' or '%' or '}' or '#' && template[end] is '{' or '%' or '}' or '#')
            {
                end++;
            }
            tokens.Add(template[start..end]);
            start = end;
        }
        return tokens;
    }

    private static bool IsWord(char c) => char.IsLetterOrDigit(c) || c == '_';
}
