using System.Collections.Frozen;

namespace LlamaEngine.Templates.Jinja;

/// <summary>The filters by name.</summary>
internal static class Filters
{
    /// <summary>A filter of a value.</summary>
    public delegate object? Filter(Evaluator evaluator, object? value, Arguments arguments);

    private static readonly FrozenDictionary<string, Filter> s_filters = new Dictionary<string, Filter>
    {
        ["abs"] = Plain(NumberFilters.Abs),
        ["attr"] = SequenceFilters.Attribute,
        ["batch"] = SequenceFilters.Batch,
        ["capitalize"] = Plain(TextFilters.Capitalize),
        ["center"] = TextFilters.Center,
        ["count"] = Plain(SequenceFilters.Length),
        ["d"] = SequenceFilters.Default,
        ["default"] = SequenceFilters.Default,
        ["dictsort"] = OrderFilters.DictSort,
        ["e"] = Plain(TextFilters.Escape),
        ["escape"] = Plain(TextFilters.Escape),
        ["first"] = Plain(SequenceFilters.First),
        ["float"] = NumberFilters.Float,
        ["forceescape"] = Plain(TextFilters.Escape),
        ["format"] = TextFilters.Format,
        ["groupby"] = OrderFilters.GroupBy,
        ["indent"] = TextFilters.Indent,
        ["int"] = NumberFilters.Int,
        ["items"] = Plain(SequenceFilters.Items),
        ["join"] = TextFilters.Join,
        ["last"] = Plain(SequenceFilters.Last),
        ["length"] = Plain(SequenceFilters.Length),
        ["list"] = Plain(SequenceFilters.List),
        ["lower"] = Plain(TextFilters.Lower),
        ["map"] = SelectionFilters.Map,
        ["max"] = OrderFilters.Max,
        ["min"] = OrderFilters.Min,
        ["pprint"] = Plain((evaluator, value, _) => evaluator.ToText(value is string text ? PythonText.Repr(text) : value)),
        ["reject"] = SelectionFilters.Reject,
        ["rejectattr"] = SelectionFilters.RejectAttribute,
        ["replace"] = TextFilters.Replace,
        ["reverse"] = Plain(SequenceFilters.Reverse),
        ["round"] = NumberFilters.Round,
        ["safe"] = Plain((evaluator, value, _) => evaluator.ToText(value)),
        ["select"] = SelectionFilters.Select,
        ["selectattr"] = SelectionFilters.SelectAttribute,
        ["slice"] = SequenceFilters.Slice,
        ["sort"] = OrderFilters.Sort,
        ["string"] = Plain((evaluator, value, _) => evaluator.ToText(value)),
        ["striptags"] = Plain(TextFilters.StripTags),
        ["sum"] = NumberFilters.Sum,
        ["title"] = Plain(TextFilters.Title),
        ["tojson"] = TextFilters.ToJson,
        ["trim"] = TextFilters.Trim,
        ["truncate"] = TextFilters.Truncate,
        ["unique"] = OrderFilters.Unique,
        ["upper"] = Plain(TextFilters.Upper),
        ["urlencode"] = Plain(TextFilters.UrlEncode),
        ["wordcount"] = Plain(TextFilters.WordCount),
    }.ToFrozenDictionary();

    /// <summary>A filter that takes no arguments.</summary>
    private static Filter Plain(Filter filter) => (evaluator, value, arguments) =>
    {
        arguments.End();
        return filter(evaluator, value, arguments);
    };

    public static bool Exists(string name) => s_filters.ContainsKey(name);

    /// <exception cref="ChatTemplateException">There is no such filter.</exception>
    public static Filter Find(string name) =>
        s_filters.TryGetValue(name, out Filter? filter) ? filter : throw new ChatTemplateException($"No filter named {PythonText.Quote(name)}.");
}
