using System.Globalization;
using System.Text.Json;
using LlamaEngine.AspNetCore.Bulk.Storage;
using LlamaEngine.AspNetCore.Errors;
using LlamaEngine.AspNetCore.Json;
using LlamaEngine.Formats;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace LlamaEngine.AspNetCore.Bulk.Endpoints;

/// <summary>/v1/files.</summary>
internal sealed class FileEndpoints(BulkService bulk)
{
    private const int MostListed = 10_000;

    /// <summary>POST /v1/files: stores a file.</summary>
    public async Task CreateAsync(HttpContext context)
    {
        FileObject file = await new FileUpload(bulk).ReceiveAsync(context);
        await JsonStyle.RespondAsync(context, JsonSerializer.SerializeToUtf8Bytes(file, BulkJson.Relaxed.FileObject));
    }

    /// <summary>GET /v1/files: lists files, the latest first.</summary>
    public Task ListAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        Paging.RefuseOthers(request, "limit", "after", "order", "purpose");
        int limit = Paging.Limit(request, MostListed, MostListed);
        string? purpose = Paging.Text(request, "purpose");
        IEnumerable<FileObject> files = bulk.Storage.Files.List()
            .Where(file => purpose is null || file.Purpose == purpose)
            .OrderBy(file => file.CreatedAt).ThenBy(file => file.Id, StringComparer.Ordinal);
        files = Paging.Text(request, "order") switch
        {
            "asc" => files,
            null or "desc" => files.Reverse(),
            _ => throw ApiException.Invalid("'order' must be asc or desc.", "order", "invalid_value"),
        };
        ListPage<FileObject> page = Paging.Cut([.. files], file => file.Id, Paging.Text(request, "after"), limit);
        return JsonStyle.RespondAsync(context, JsonSerializer.SerializeToUtf8Bytes(page, BulkJson.Relaxed.ListPageFileObject));
    }

    /// <summary>GET /v1/files/{id}: what a file is.</summary>
    public Task GetAsync(HttpContext context) =>
        JsonStyle.RespondAsync(context, JsonSerializer.SerializeToUtf8Bytes(Find(context), BulkJson.Relaxed.FileObject));

    /// <summary>DELETE /v1/files/{id}.</summary>
    public Task DeleteAsync(HttpContext context)
    {
        string id = IdOf(context);
        bulk.DeleteFile(id);
        return JsonStyle.RespondAsync(context, JsonSerializer.SerializeToUtf8Bytes(new DeletedFile(id, true), BulkJson.Relaxed.DeletedFile));
    }

    /// <summary>GET /v1/files/{id}/content: the bytes.</summary>
    public async Task GetContentAsync(HttpContext context)
    {
        FileObject file = Find(context);
        await using FileStream content = Open(file);
        context.Response.ContentType = "application/octet-stream";
        context.Response.ContentLength = content.Length;
        context.Response.Headers.ContentDisposition = string.Create(CultureInfo.InvariantCulture, $"attachment; filename*=UTF-8''{Uri.EscapeDataString(file.Filename)}");
        await content.CopyToAsync(context.Response.Body, context.RequestAborted);
    }

    private static string IdOf(HttpContext context) => (string)context.GetRouteValue("id")!;

    // Deleted while it is read, it stays readable.
    private FileStream Open(FileObject file)
    {
        try
        {
            return new FileStream(
                bulk.Storage.Files.ContentOf(file.Id), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0, FileOptions.Asynchronous);
        }
        catch (FileNotFoundException)
        {
            throw NoFile(file.Id);
        }
    }

    private FileObject Find(HttpContext context) => bulk.Storage.Files.Find(IdOf(context)) ?? throw NoFile(IdOf(context));

    private static ApiException NoFile(string id) => ApiException.NotFound($"There is no file '{Untrusted.Show(id)}'.", "file_id");
}
