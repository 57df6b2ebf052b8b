using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Bulk.Endpoints;
using LlamaEngine.AspNetCore.Errors;
using LlamaEngine.AspNetCore.Json;
using LlamaEngine.AspNetCore.Models;
using LlamaEngine.Formats;
using Microsoft.AspNetCore.Http;

namespace LlamaEngine.AspNetCore.Sessions;

/// <summary>DELETE /v1/sessions/ID?model=NAME: ends a session, so that another one may begin.</summary>
internal sealed class SessionEndpoint(IModelCatalog catalog, SessionShelf sessions)
{
    /// <summary>Answers a request.</summary>
    public Task EndAsync(HttpContext context)
    {
        string id = (string)context.Request.RouteValues["id"]!;
        Paging.RefuseOthers(context.Request, "model");
        string? given = Paging.Text(context.Request, "model");
        ModelEntry model = catalog.Models.FirstOrDefault(model => given is null || model.Name == given)
            ?? throw ApiException.NotFound($"There is no model named '{Untrusted.Show(given ?? "")}'.", "model", "model_not_found");
        if (!sessions.End(model.Name, id))
            throw ApiException.NotFound($"The model '{model.Name}' has no session '{Untrusted.Show(id)}'.", "session_id", "session_not_found");
        return JsonStyle.RespondAsync(context, JsonStyle.Encode(new JsonObject { ["id"] = id, ["object"] = "session", ["deleted"] = true }));
    }
}
