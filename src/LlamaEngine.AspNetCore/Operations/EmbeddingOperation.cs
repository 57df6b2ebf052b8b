using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Errors;
using LlamaEngine.AspNetCore.Json;
using LlamaEngine.AspNetCore.Models;
using LlamaEngine.AspNetCore.Requests;

namespace LlamaEngine.AspNetCore.Operations;

/// <summary>/v1/embeddings: makes vectors of length 1 of texts.</summary>
internal sealed class EmbeddingOperation(IModelCatalog catalog, ServerLimits limits) : IOperation
{
    /// <inheritdoc/>
    public string Path => "/v1/embeddings";

    /// <inheritdoc/>
    public string? PromptField => "input";

    /// <inheritdoc/>
    public async Task<JsonObject> RunAsync(JsonObject body, int priority, CancellationToken cancellation)
    {
        var fields = new RequestFields(body);
        CommonFields common = CommonFields.Read(fields);
        ImmutableArray<Prompt> inputs = Inputs.Read(fields.Require("input"), "input", limits.Inputs);
        bool isBase64 = ReadEncoding(fields);
        int? dimensions = fields.Integer("dimensions", 1);
        var options = new EmbeddingOptions
        {
            Normalize = true,
            Priority = SamplingFields.Add(fields.Integer("priority", int.MinValue) ?? 0, priority),
            Timeout = fields.Duration("timeout", allowsForever: false),
        };
        CommonFields.CheckLabels(fields);
        fields.RefuseOthers();
        await using ModelLease lease = await catalog.RentAsync(common.Model, common.KeepAlive, cancellation).ConfigureAwait(false);
        CheckWidth(lease, dimensions);
        return ToJson(lease.Name, await EmbedAsync(lease, inputs, options, cancellation).ConfigureAwait(false), isBase64);
    }

    private static bool ReadEncoding(RequestFields fields) => fields.Text("encoding_format") switch
    {
        null or "float" => false,
        "base64" => true,
        _ => throw RequestFields.NotSupported("encoding_format", "float and base64"),
    };

    private static void CheckWidth(ModelLease lease, int? dimensions)
    {
        int width = lease.Engine.Model.Configuration.HiddenSize;
        if (dimensions is not null && dimensions != width)
            throw RequestFields.NotSupported("dimensions", $"{width}, as wide as the model '{lease.Name}' is");
    }

    /// <summary>Has all computed side by side; when one fails, the others end too.</summary>
    private async Task<PromptEmbedding[]> EmbedAsync(
        ModelLease lease, ImmutableArray<Prompt> inputs, EmbeddingOptions options, CancellationToken cancellation)
    {
        using var all = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Exception? first = null;
        Task<PromptEmbedding>[] tasks = [.. inputs.Select(EmbedOneAsync)];
        await Task.WhenAll((IEnumerable<Task>)tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (first is not null)
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(first);
        return Array.ConvertAll(tasks, task => task.Result);

        async Task<PromptEmbedding> EmbedOneAsync(Prompt input)
        {
            try
            {
                if (!input.Tokens.HasValue)
                    ModelChecks.RequireTokenizer(lease);
                ModelChecks.CheckLength(lease, input, limits, PromptField);
                return await lease.Engine.EmbedAsync(input, options, all.Token).ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                Interlocked.CompareExchange(ref first, exception, null);
                await all.CancelAsync().ConfigureAwait(false);
                throw;
            }
        }
    }

    private static JsonObject ToJson(string model, PromptEmbedding[] embeddings, bool isBase64)
    {
        int tokens = embeddings.Sum(embedding => embedding.Usage.PromptTokens);
        return new JsonObject
        {
            ["object"] = "list",
            ["data"] = new JsonArray([.. embeddings.Select((embedding, index) => (JsonNode)new JsonObject
            {
                ["object"] = "embedding",
                ["index"] = index,
                ["embedding"] = isBase64 ? ToBase64(embedding.Vector.Span) : ToList(embedding.Vector.Span),
            })]),
            ["model"] = model,
            ["usage"] = new JsonObject { ["prompt_tokens"] = tokens, ["total_tokens"] = tokens },
        };
    }

    private static JsonArray ToList(ReadOnlySpan<float> vector)
    {
        var list = new JsonArray();
        foreach (float value in vector)
            list.Add((JsonNode)value);
        return list;
    }

    /// <summary>float32, little endian.</summary>
    private static JsonNode ToBase64(ReadOnlySpan<float> vector)
    {
        byte[] bytes = new byte[vector.Length * sizeof(float)];
        for (int i = 0; i < vector.Length; i++)
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), vector[i]);
        return Convert.ToBase64String(bytes);
    }
}
