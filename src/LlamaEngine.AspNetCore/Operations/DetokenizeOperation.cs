using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Errors;
using LlamaEngine.AspNetCore.Json;
using LlamaEngine.AspNetCore.Models;
using LlamaEngine.AspNetCore.Requests;

namespace LlamaEngine.AspNetCore.Operations;

/// <summary>/detokenize: the text of tokens, special ones included. The shape is vLLM's.</summary>
internal sealed class DetokenizeOperation(IModelCatalog catalog) : IOperation
{
    /// <inheritdoc/>
    public string Path => "/detokenize";

    /// <inheritdoc/>
    public string? PromptField => "tokens";

    /// <inheritdoc/>
    public async Task<JsonObject> RunAsync(JsonObject body, int priority, CancellationToken cancellation)
    {
        var fields = new RequestFields(body);
        CommonFields common = CommonFields.Read(fields);
        int[] tokens = JsonRead.Tokens(fields.Require("tokens"), "tokens");
        fields.RefuseOthers();
        await using ModelLease lease = await catalog.RentAsync(common.Model, common.KeepAlive, cancellation).ConfigureAwait(false);
        ModelChecks.RequireTokenizer(lease);
        int size = lease.Engine.Tokenizer.VocabularySize;
        for (int i = 0; i < tokens.Length; i++)
        {
            if (tokens[i] >= size)
                throw ApiException.Invalid($"'tokens[{i}]' is {tokens[i]}; the vocabulary has {size} tokens.", $"tokens[{i}]", "invalid_value");
        }
        return new JsonObject { ["prompt"] = lease.Engine.Tokenizer.Decode(tokens) };
    }
}
