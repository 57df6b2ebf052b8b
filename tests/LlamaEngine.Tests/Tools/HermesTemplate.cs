namespace LlamaEngine.Tests.Tools;

/// <summary>A chat template of tests, also of other projects' ones.</summary>
internal static class HermesTemplate
{
    /// <summary>Calls as Hermes and Qwen write them.</summary>
    public const string Text = """
        {%- if tools is defined %}{%- for t in tools %}{{- t.function.name + ': ' + t.function.description + (t.function.parameters | tojson) }}{% endfor %}{% endif %}
        {%- for m in messages %}
        {{- '<|start_header_id|>' + m.role + '<|end_header_id|>' + (m.content or '') }}
        {%- for c in m.tool_calls or [] %}{{- '<tool_call>{"name": "' + c.function.name + '", "arguments": ' + (c.function.arguments | tojson) + '}</tool_call>' }}{% endfor %}
        {{- '<|eot_id|>' }}{% endfor %}
        {%- if add_generation_prompt %}{{- '<|start_header_id|>assistant<|end_header_id|>' }}{% endif %}
        """;
}
