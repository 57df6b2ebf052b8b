using System.Collections.Immutable;
using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Models;
using LlamaEngine.Formats;
using LlamaEngine.Models;
using LlamaEngine.Tokenization;
using LlamaEngine.Tests.Tools;

namespace LlamaEngine.AspNetCore.Tests.Chat;

/// <summary>The demo model with a template that has tools, as Hermes and Qwen write them.</summary>
internal sealed class ToolModel(ModelFile inner) : ModelFile
{
    public static InferenceEngine CreateEngine(EngineOptions? options = null) =>
        InferenceEngine.Create(options ?? new EngineOptions(), () => new ToolModel(Open(TestServer.Lexicon)));

    public override string Path => inner.Path;

    public override LlamaConfiguration Configuration => inner.Configuration;

    public override ImmutableArray<TensorInfo> Tensors => inner.Tensors;

    public override string? ChatTemplate => HermesTemplate.Text;

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
