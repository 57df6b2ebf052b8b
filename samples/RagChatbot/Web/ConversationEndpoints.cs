using System.Globalization;
using LlamaEngine.Rag;

namespace RagChatbot.Web;

/// <summary>/api/conversations: list, make, read, rename and delete; and stop the answer that is being made.</summary>
internal sealed class ConversationEndpoints(ConversationLog log, RunningAnswers running)
{
    private const int MostListed = 200, MostTitle = 200;

    /// <summary>Maps them.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/conversations", ListAsync);
        routes.MapPost("/api/conversations", CreateAsync);
        routes.MapGet("/api/conversations/{id}", ReadAsync);
        routes.MapPatch("/api/conversations/{id}", RenameAsync);
        routes.MapDelete("/api/conversations/{id}", DeleteAsync);
        routes.MapPost("/api/conversations/{id}/stop", StopAsync);
    }

    /// <summary>The conversation that a request's path names.</summary>
    public static string IdOf(HttpContext context) => (string)context.Request.RouteValues["id"]!;

    private Task ListAsync(HttpContext context)
    {
        int offset = ReadNumber(context, "offset", 0, int.MaxValue, 0), limit = ReadNumber(context, "limit", 1, MostListed, MostListed);
        ConversationListReply reply = new([.. log.List(offset, limit).Select(ConversationView.Of)], log.Count);
        return JsonBody.WriteAsync(context, StatusCodes.Status200OK, reply, ApiJson.Default.ConversationListReply);
    }

    private async Task CreateAsync(HttpContext context)
    {
        await JsonBody.ReadAsync(context, ApiJson.Default.EmptyRequest);
        ConversationView made = ConversationView.Of(log.Create());
        context.Response.Headers.Location = $"/api/conversations/{made.Id}";
        await JsonBody.WriteAsync(context, StatusCodes.Status201Created, made, ApiJson.Default.ConversationView);
    }

    private Task ReadAsync(HttpContext context)
    {
        string id = IdOf(context);
        bool isRunning = running.Has(id); // asked first: an answer that ends in between is in the turns, and shown as running at worst
        Conversation found = log.Find(id) ?? throw new ConversationNotFoundException(id);
        ConversationReply reply = new(id, found.Title, isRunning, [.. log.ReadTurns(id).Select(TurnView.Of)]);
        return JsonBody.WriteAsync(context, StatusCodes.Status200OK, reply, ApiJson.Default.ConversationReply);
    }

    private async Task RenameAsync(HttpContext context)
    {
        string title = (await JsonBody.ReadAsync(context, ApiJson.Default.TitleRequest)).Title?.Trim() ?? "";
        if (title.Length is 0 or > MostTitle)
            throw ApiException.Invalid($"The field 'title' has to have 1 to {MostTitle} characters.");
        log.Rename(IdOf(context), title);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task DeleteAsync(HttpContext context)
    {
        string id = IdOf(context);
        await running.StopAsync(id);
        if (!log.Delete(id))
            throw new ConversationNotFoundException(id);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task StopAsync(HttpContext context)
    {
        await JsonBody.ReadAsync(context, ApiJson.Default.EmptyRequest);
        string id = IdOf(context);
        _ = log.Find(id) ?? throw new ConversationNotFoundException(id);
        await running.StopAsync(id);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static int ReadNumber(HttpContext context, string name, int least, int most, int standard)
    {
        string? text = context.Request.Query[name];
        if (text is null)
            return standard;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= least && number <= most
            ? number
            : throw ApiException.Invalid($"'{name}' takes a whole number from {least} to {most}.");
    }
}
