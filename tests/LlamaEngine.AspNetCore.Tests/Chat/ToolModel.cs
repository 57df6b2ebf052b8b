using System.Collections.Immutable;
using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Models;
using LlamaEngine.Formats;
using LlamaEngine.Models;
using LlamaEngine.Tokenization;

namespace LlamaEngine.AspNetCore.Tests.Chat;

/// <summary>The demo model with a template that has tools, as Hermes and Qwen write them.</summary>
internal sealed class ToolModel(ModelFile inner) : ModelFile
{
    private const string Template = """
        {%- if tools is defined %}{%- for t in tools %}{{- t.function.name + ': ' + t.function.description + (t.function.parameters | tojson) }}{% endfor %}{% endif %}
        {%- for m in messages %}
        {{- '<|start_header_id|>' + m.role + '<|end_header_id|>' + (m.content or '') }}
        {%- for c in m.tool_calls or [] %}{{- '<tool_call>{"name": "' + c.function.name + '", "arguments": ' + (c.function.arguments | tojson) + '}</tool_call>' }}{% endfor %}
        {{- '<|eot_id|>' }}{% endfor %}
        {%- if add_generation_prompt %}{{- '<|start_header_id|>assistant<|end_header_id|>' }}{% endif %}
        """;

    public static InferenceEngine CreateEngine(EngineOptions? options = null) =>
        InferenceEngine.Create(options ?? new EngineOptions(), () => new ToolModel(Open(TestServer.Lexicon)));

    public override string Path => inner.Path;

    public override LlamaConfiguration Configuration => inner.Configuration;

    public override ImmutableArray<TensorInfo> Tensors => inner.Tensors;

    public override string? ChatTemplate => Template;

    public override JsonObject GenerationConfig => inner.GenerationConfig;

    public override ImmutableArray<int> EndTokenIds => inner.EndTokenIds;

    public override string Name => inner.Name;

    public override bool TryGetTensor(string name, out TensorData tensor) => inner.TryGetTensor(name, out tensor);

    public override Tokenizer? LoadTokenizer() => inner.LoadTokenizer();

    public override void Dispose() => inner.Dispose();

    /// <summary>It as what an engine of a program's own is to a server.</summary>
    public sealed class Served(InferenceEngine engine) : IServedModel
    {
        public string Name => "tools";

        public bool IsReady => true;

        public Task PrepareAsync(CancellationToken cancellation) => Task.CompletedTask;

        public Task<ModelLease> RentAsync(TimeSpan? keepAlive, CancellationToken cancellation) => Task.FromResult(new ModelLease(Name, engine));
    }
}
