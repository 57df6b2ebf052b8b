using LlamaEngine.Rag;
using RagChatbot.Reading;

namespace RagChatbot.Web;

/// <summary>/api/status and /api/documents: what there is to ask about. Texts come from the index; no request reaches the file system.</summary>
internal sealed class DocumentEndpoints(Chatbot chatbot)
{
    /// <summary>Maps them.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/status", TellStatusAsync);
        routes.MapGet("/api/documents", ListAsync);
        routes.MapGet("/api/documents/text", ReadAsync);
        routes.MapPost("/api/documents/refresh", RefreshAsync);
    }

    private Task TellStatusAsync(HttpContext context)
    {
        FolderState folder = chatbot.Folder.State;
        ScanProgress progress = folder.Progress;
        StatusReply reply = new(chatbot.Model, chatbot.Index.Documents.Count, chatbot.Index.ChunkCount,
            new IngestionView(folder.Running, progress.Done, progress.Total, progress.Current, folder.Failures));
        return JsonBody.WriteAsync(context, StatusCodes.Status200OK, reply, ApiJson.Default.StatusReply);
    }

    private Task ListAsync(HttpContext context)
    {
        DocumentListReply reply = new([.. chatbot.Index.Documents.Select(one => new DocumentView(one.Path, one.Title, one.Chunks))]);
        return JsonBody.WriteAsync(context, StatusCodes.Status200OK, reply, ApiJson.Default.DocumentListReply);
    }

    private Task ReadAsync(HttpContext context)
    {
        string path = context.Request.Query["path"].ToString();
        if (path.Length == 0)
            throw ApiException.Invalid("The parameter 'path' is missing: it names a document of /api/documents.");
        string? text = chatbot.Index.ReadText(path);
        IndexedDocument? document = chatbot.Index.Documents.FirstOrDefault(one => one.Path == path);
        if (text is null || document is null)
            throw ApiException.NotFound($"There is no document '{path}' in the index.");
        return JsonBody.WriteAsync(context, StatusCodes.Status200OK, new DocumentReply(path, document.Title, text), ApiJson.Default.DocumentReply);
    }

    private async Task RefreshAsync(HttpContext context)
    {
        await JsonBody.ReadAsync(context, ApiJson.Default.EmptyRequest);
        _ = chatbot.Folder.RefreshAsync(); // in the background; /api/status tells how it goes
        context.Response.StatusCode = StatusCodes.Status202Accepted;
    }
}
