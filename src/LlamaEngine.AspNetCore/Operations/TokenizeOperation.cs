using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Errors;
using LlamaEngine.AspNetCore.Json;
using LlamaEngine.AspNetCore.Models;
using LlamaEngine.AspNetCore.Requests;
using LlamaEngine.Tokenization;

namespace LlamaEngine.AspNetCore.Operations;

/// <summary>/tokenize: the tokens of a text, or of a chat through the model's template. The shape is vLLM's.</summary>
internal sealed class TokenizeOperation(IModelCatalog catalog, ServerLimits limits) : IOperation
{
    /// <inheritdoc/>
    public string Path => "/tokenize";

    /// <inheritdoc/>
    public string? PromptField => "prompt";

    /// <inheritdoc/>
    public async Task<JsonObject> RunAsync(JsonObject body, int priority, CancellationToken cancellation)
    {
        var fields = new RequestFields(body);
        CommonFields common = CommonFields.Read(fields);
        bool withTexts = fields.Flag("return_token_strs");
        Func<ModelLease, int[]> encode = fields.Take("messages") is null ? ReadText(fields) : ReadChat(fields);
        fields.RefuseOthers();
        await using ModelLease lease = await catalog.RentAsync(common.Model, common.KeepAlive, cancellation).ConfigureAwait(false);
        ModelChecks.RequireTokenizer(lease);
        int[] tokens = encode(lease);
        return new JsonObject
        {
            ["count"] = tokens.Length,
            ["max_model_len"] = lease.Engine.Model.ContextLength,
            ["tokens"] = new JsonArray([.. tokens.Select(token => (JsonNode)token)]),
            ["token_strs"] = withTexts ? new JsonArray([.. tokens.Select(token => (JsonNode)lease.Engine.Tokenizer.GetToken(token))]) : null,
        };
    }

    private static Func<ModelLease, int[]> ReadText(RequestFields fields)
    {
        string text = JsonRead.Text(fields.Require("prompt"), "prompt");
        bool withRules = fields.Flag("add_special_tokens", otherwise: true), allowSpecial = fields.Flag("parse_special");
        return lease => withRules ? lease.Engine.Tokenizer.EncodeWithRules(text, allowSpecial) : lease.Engine.Tokenizer.Encode(text, allowSpecial);
    }

    private Func<ModelLease, int[]> ReadChat(RequestFields fields)
    {
        ChatText chat = ChatText.Read(fields, limits);
        return chat.Encode;
    }
}
