using System.Text;
using System.Text.Json.Nodes;
using LlamaEngine.Fuzz.Mutation;
using LlamaEngine.Fuzz.Seeds;
using LlamaEngine.Templates;

namespace LlamaEngine.Fuzz.Targets;

/// <summary>Chat templates, parsed and rendered.</summary>
internal sealed class TemplateTarget : FuzzTarget
{
    private static readonly string[] s_own =
    [
        "{{ bos_token }}{% for m in messages %}{{ '<|' + m['role'] + '|>\n' + m['content'] | trim + eos_token }}{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}",
        """
        {%- macro show(t, deep=false) %}{{ t.name ~ ': ' ~ (t | tojson(indent=2)) }}{% if deep %}{{ show(t) }}{% endif %}{%- endmacro %}
        {%- set ns = namespace(first=true, count=0) -%}
        {%- if messages[0]['role'] == 'system' %}{% set system = messages[0]['content'] %}{% set rest = messages[1:] %}{% else %}{% set rest = messages %}{% endif %}
        {%- for message in rest if message.role != 'none' %}
            {%- set ns.count = ns.count + 1 %}
            {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) and not tools is defined %}{{ raise_exception('Roles must alternate') }}{% endif %}
            {%- if loop.first and system is defined %}{{ '<<SYS>>\n' + system + '\n<</SYS>>\n\n' }}{% elif loop.last %}{{ loop.length }}{% endif %}
            {{- message.content if message.content is string else message.content | map(attribute='text') | join(', ') }}
        {%- endfor %}
        {%- if tools is defined and tools is not none %}{% for tool in tools %}{{ show(tool, true) }}{% break %}{% endfor %}{% endif %}
        {{- strftime_now('%d %b %Y') }}{# done #}{% raw %}{{ no }}{% endraw %}
        """,
    ];

    private static readonly byte[] s_variables = """
        {"messages":[{"role":"system","content":" Be brief. "},{"role":"user","content":"Hello 😀 <b>"},{"role":"assistant","content":"Hi","tool_calls":[{"function":{"name":"f","arguments":{"a":1}}}]},{"role":"user","content":[{"type":"text","text":"x"}]}],
        "tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object","properties":{"a":{"type":"integer"}}}}}],
        "add_generation_prompt":true,"date_string":"26 Jul 2024","big":1e300,"nothing":null}
        """u8.ToArray();

    public override string Name => "template";

    public override IReadOnlyList<byte[]> Seeds { get; } =
        [.. s_own.Concat(Corpus.JsonTexts("templates", "template")).Select(Encoding.UTF8.GetBytes)];

    /// <summary>A template may compute for a while, and what it computes is garbage soon: time is its bound, not garbage.</summary>
    public override long AllocationLimit(int inputLength) => 4L << 30;

    public override byte[] Mutate(byte[] seed, Random random) => TemplateMutator.Mutate(seed, random);

    public override void Execute(byte[] input, string folder)
    {
        ChatTemplate template = ChatTemplate.Parse(Encoding.UTF8.GetString(input), "<s>", "</s>");
        template.Render(JsonNode.Parse(s_variables)!.AsObject());
    }
}
