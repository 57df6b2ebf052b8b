using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using LlamaEngine.Tokenization;

namespace LlamaEngine.Templates;

/// <summary>Keeps what people write from being taken for special tokens: a message that says "&lt;|eot_id|&gt;" says these ten characters.</summary>
/// <remarks>
/// A template writes special tokens and the messages into one text, in which nothing tells them apart any more. So a mark, a character that
/// nobody uses, is put behind the first character of each special token's text in the variables before they are rendered:
/// the tokenizer does not find the token there, and drops the mark (<see cref="Tokenizer.EncodeMarked"/>). Variables without such a text,
/// nearly all, stay as they are. Immutable and thread-safe.
/// </remarks>
internal sealed class SpecialTextGuard
{
    /// <summary>The first and last characters of Unicode's private use area.</summary>
    private const char FirstMark = '\uE000', LastMark = '\uF8FF';

    private readonly Tokenizer _tokenizer;
    private readonly string[] _texts;
    private readonly SearchValues<string> _search;
    private readonly SearchValues<char> _beginnings;
    private readonly int _longest;

    /// <summary>Takes a tokenizer's special tokens.</summary>
    public SpecialTextGuard(Tokenizer tokenizer)
    {
        _tokenizer = tokenizer;
        _texts = [.. Enumerable.Range(0, tokenizer.VocabularySize).Where(tokenizer.IsSpecial).Select(tokenizer.GetToken).Where(text => text.Length > 0)];
        _search = SearchValues.Create(_texts, StringComparison.Ordinal);
        _beginnings = SearchValues.Create([.. _texts.Select(text => text[0]).Distinct()]);
        _longest = _texts.Length == 0 ? 0 : _texts.Max(text => text.Length);
    }

    /// <summary>The tokens of a rendered template: its own special tokens count, those that somebody wrote into the variables are text.</summary>
    /// <param name="variables">What the template is rendered with; changed.</param>
    /// <param name="opening">What follows the template's text, as the template would write it.</param>
    /// <exception cref="ArgumentException">The texts use every character of the private use area, and special tokens' texts as well.</exception>
    /// <exception cref="ChatTemplateException">The template refuses the variables.</exception>
    public int[] Encode(ChatTemplate template, JsonObject variables, string opening = "")
    {
        char? mark = Mark(variables);
        string text = template.Render(variables) + opening;
        return mark is { } guarded ? _tokenizer.EncodeMarked(text, guarded) : _tokenizer.Encode(text, allowSpecial: true);
    }

    // Null: no mark was needed, nothing was changed.
    private char? Mark(JsonObject variables)
    {
        bool isNeeded = false;
        HashSet<char> used = [];
        Visit(variables, text =>
        {
            isNeeded |= NextPlace(text, 0) >= 0;
            used.UnionWith(text.Where(character => character is >= FirstMark and <= LastMark));
            return text;
        });
        if (!isNeeded)
            return null;
        char mark = FirstMark;
        while (used.Contains(mark))
        {
            if (mark++ == LastMark)
                throw new ArgumentException("The messages hold special tokens' texts and every character of the private use area U+E000 to U+F8FF.", nameof(variables));
        }
        Visit(variables, text => Mark(text, mark));
        return mark;
    }

    private string Mark(string text, char mark)
    {
        int place = NextPlace(text, 0);
        if (place < 0)
            return text;
        var marked = new StringBuilder(text.Length + 8);
        int done = 0;
        for (; place >= 0; place = NextPlace(text, done))
        {
            marked.Append(text, done, place + 1 - done).Append(mark);
            done = place + 1;
        }
        return marked.Append(text, done, text.Length - done).ToString();
    }

    /// <summary>
    /// Where the next special token's text begins; −1: nowhere. The beginning of one at the end of the text counts as well: what a template
    /// writes behind it could complete it.
    /// </summary>
    private int NextPlace(string text, int from)
    {
        int found = text.AsSpan(from).IndexOfAny(_search);
        return found >= 0 ? from + found : BeginningAtTheEnd(text, from);
    }

    // Templates trim: white space behind the beginning does not keep what follows away.
    private int BeginningAtTheEnd(string text, int from)
    {
        ReadOnlySpan<char> trimmed = text.AsSpan().TrimEnd();
        for (int start = Math.Max(from, trimmed.Length - _longest); start < trimmed.Length; start++)
        {
            int skip = trimmed[start..].IndexOfAny(_beginnings);
            if (skip < 0)
                return -1;
            start += skip;
            foreach (string special in _texts)
            {
                if (special.AsSpan().StartsWith(trimmed[start..], StringComparison.Ordinal))
                    return start;
            }
        }
        return -1;
    }

    /// <summary>Replaces every text in a tree, names included, by what is made of it.</summary>
    private static JsonNode? Visit(JsonNode? node, Func<string, string> replace)
    {
        switch (node)
        {
            case JsonObject members:
                foreach ((string name, JsonNode? value) in members.ToArray())
                {
                    string changed = replace(name);
                    JsonNode? visited = Visit(value, replace);
                    if (!ReferenceEquals(changed, name))
                        Rename(members, name, changed);
                    if (!ReferenceEquals(visited, value))
                        members[changed] = visited;
                }
                return members;
            case JsonArray items:
                for (int i = 0; i < items.Count; i++)
                {
                    JsonNode? visited = Visit(items[i], replace);
                    if (!ReferenceEquals(visited, items[i]))
                        items[i] = visited;
                }
                return items;
            case JsonValue value when value.TryGetValue(out string? text):
                string replaced = replace(text);
                return ReferenceEquals(replaced, text) ? value : JsonValue.Create(replaced);
            default:
                return node;
        }
    }

    // In its place: templates write members in their order.
    private static void Rename(JsonObject members, string name, string changed)
    {
        int place = members.IndexOf(name);
        JsonNode? value = members[name];
        members.RemoveAt(place);
        members.Insert(place, changed, value);
    }
}
