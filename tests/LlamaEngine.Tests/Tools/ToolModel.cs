using System.Collections.Immutable;
using System.Text.Json.Nodes;
using LlamaEngine.Formats;
using LlamaEngine.Models;
using LlamaEngine.Tests.Engine;
using LlamaEngine.Tokenization;

namespace LlamaEngine.Tests.Tools;

/// <summary>A corner of the demo model with a template that has tools: what it says is forced, so that only the format matters.</summary>
internal sealed class ToolModel(ModelFile inner, string template) : ModelFile
{
    /// <summary>Calls as Llama 3's templates write them.</summary>
    public const string Llama = """
        {%- for m in messages %}
        {%- if m.tool_calls is defined %}
        {%- if m.tool_calls | length != 1 %}{{ raise_exception('only single tool-calls') }}{% endif %}
        {{- '<|start_header_id|>assistant<|end_header_id|>{"name": "' + m.tool_calls[0].function.name + '", "parameters": ' + (m.tool_calls[0].function.arguments | tojson) + '}<|eot_id|>' }}
        {%- else %}
        {{- '<|start_header_id|>' + m.role + '<|end_header_id|>' + m.content + '<|eot_id|>' }}
        {%- endif %}{% endfor %}
        {%- if tools is defined %}{{- 'Tools: ' + (tools | tojson) }}{% endif %}
        {%- if add_generation_prompt %}{{- '<|start_header_id|>assistant<|end_header_id|>' }}{% endif %}
        """;

    /// <inheritdoc cref="HermesTemplate.Text"/>
    public const string Hermes = HermesTemplate.Text;

    /// <summary>Calls as Mistral's templates write them.</summary>
    public const string Mistral = """
        {%- if tools is defined %}{{- '[AVAILABLE_TOOLS]' + (tools | tojson) + '[/AVAILABLE_TOOLS]' }}{% endif %}
        {%- for m in messages %}
        {%- if m.tool_calls is defined %}{{- '[TOOL_CALLS][' }}
        {%- for c in m.tool_calls %}
        {%- if c.id | length != 9 %}{{ raise_exception('ids have nine characters') }}{% endif %}
        {{- (c.function | tojson)[:-1] + ', "id": "' + c.id + '"}' }}{{- ', ' if not loop.last else ']' }}{% endfor %}
        {%- elif m.role == 'tool' %}{{- '[TOOL_RESULTS]{"content": ' + m.content + ', "call_id": "' + m.tool_call_id + '"}[/TOOL_RESULTS]' }}
        {%- else %}{{- '[INST]' + m.content + '[/INST]' }}{% endif %}{% endfor %}
        """;

    /// <summary>An engine over it.</summary>
    public static InferenceEngine CreateEngine(string template) =>
        InferenceEngine.Create(TestDevice.On(new EngineOptions()), () => new ToolModel(Open(LexiconSlice.Path), template));

    public override string Path => inner.Path;

    public override LlamaConfiguration Configuration => inner.Configuration;

    public override ImmutableArray<TensorInfo> Tensors => inner.Tensors;

    public override string? ChatTemplate => template;

    public override JsonObject GenerationConfig => inner.GenerationConfig;

    public override ImmutableArray<int> EndTokenIds => inner.EndTokenIds;

    public override string Name => inner.Name;

    public override bool TryGetTensor(string name, out TensorData tensor) => inner.TryGetTensor(name, out tensor);

    public override Tokenizer? LoadTokenizer() => inner.LoadTokenizer();

    public override void Dispose() => inner.Dispose();
}
