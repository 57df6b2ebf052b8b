using System.Text.Json.Nodes;
using LlamaEngine.Templates.Jinja;

namespace LlamaEngine.Templates;

/// <summary>A model's own chat template: Jinja, interpreted, with bounded time and output.</summary>
/// <remarks>
/// <para>
/// The language is that of jinja2 as Hugging Face transformers sets it up for chat templates: an immutable sandbox with
/// <c>trim_blocks</c>, <c>lstrip_blocks</c> and loop controls, a <c>tojson</c> that escapes nothing for HTML, and the functions
/// <c>raise_exception</c> and <c>strftime_now</c>. Not there, because a chat template is a single file of text: inheritance,
/// imports and includes, automatic escaping (<c>safe</c> and <c>escape</c> give plain texts), <c>random</c>, <c>lipsum</c>.
/// </para>
/// <para>
/// A template comes from a model file and need not be trusted: it sees nothing but its variables, and the steps it may take,
/// the length of its texts, its nesting and the size of its numbers are bounded.
/// </para>
/// <para>Immutable and thread-safe.</para>
/// </remarks>
public sealed class ChatTemplate
{
    /// <summary>Steps that every rendering may take; a large prompt takes a few thousand.</summary>
    private const long BaseSteps = 1_000_000;

    /// <summary>Further steps for every unit of <see cref="Weight"/> of the variables: long conversations take longer.</summary>
    private const long StepsPerWeight = 100;

    private readonly IReadOnlyList<Statement> _statements;
    private readonly string _bosToken;
    private readonly string _eosToken;

    private ChatTemplate(string source, IReadOnlyList<Statement> statements, string bosToken, string eosToken)
    {
        Source = source;
        _statements = statements;
        _bosToken = bosToken;
        _eosToken = eosToken;
    }

    /// <summary>The Jinja source.</summary>
    public string Source { get; }

    /// <summary>Parses a template.</summary>
    /// <param name="source">Jinja source.</param>
    /// <param name="bosToken">What <c>bos_token</c> stands for in the template.</param>
    /// <param name="eosToken">What <c>eos_token</c> stands for.</param>
    /// <exception cref="ModelFormatException">The source is not a valid template.</exception>
    public static ChatTemplate Parse(string source, string bosToken = "", string eosToken = "")
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(bosToken);
        ArgumentNullException.ThrowIfNull(eosToken);
        return new ChatTemplate(source, TemplateParser.Parse(source), bosToken, eosToken);
    }

    /// <summary>Renders the template.</summary>
    /// <param name="variables">
    /// <c>messages</c> and any other variables (<c>tools</c>, <c>add_generation_prompt</c>, …); not changed. They go before
    /// <c>bos_token</c>, <c>eos_token</c> and the functions of the same name.
    /// </param>
    /// <param name="clock">Answers <c>strftime_now</c>, in its local time; the system's clock if null.</param>
    /// <exception cref="ChatTemplateException">The template refused the input (raise_exception), failed, or ran too long.</exception>
    public string Render(JsonObject variables, TimeProvider? clock = null)
    {
        ArgumentNullException.ThrowIfNull(variables);
        Mapping values = JsonValues.ConvertVariables(variables);
        Budget budget = new(BaseSteps + StepsPerWeight * values.Weight);
        Scope scope = Globals.CreateScope(clock ?? TimeProvider.System, budget);
        scope.Set("bos_token", _bosToken);
        scope.Set("eos_token", _eosToken);
        foreach ((object? name, object? value) in values.Entries)
            scope.Set((string)name!, value);
        return Renderer.Render(_statements, new Scope(scope), budget);
    }
}
