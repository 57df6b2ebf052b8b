using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging.Console;

namespace RagChatbot.Web;

/// <summary>The web app: the page in wwwroot and the API that it uses.</summary>
internal static class ChatbotApp
{
    /// <summary>Builds it; nothing is listened to before its start.</summary>
    /// <param name="chatbot">What answers; stays its maker's.</param>
    /// <param name="urls">Where to listen.</param>
    public static WebApplication Build(Chatbot chatbot, IReadOnlyList<string> urls)
    {
        // Empty: neither files in the working folder nor variables of other programs configure it.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions
        {
            ApplicationName = "RagChatbot",
            ContentRootPath = AppContext.BaseDirectory,
            WebRootPath = "wwwroot",
        });
        builder.WebHost.UseKestrelCore().UseUrls([.. urls]).ConfigureKestrel(Configure);
        builder.Services.AddRoutingCore();
        AddLog(builder.Logging);
        WebApplication app = builder.Build();
        RequestOrigin origin = new(urls);
        app.Use(SecurityHeaders.AddAsync);
        app.Use(Problems.AnswerAsync);
        app.Use(origin.CheckAsync);
        app.UseDefaultFiles();
        app.UseStaticFiles();
        MapApi(app, chatbot);
        return app;
    }

    private static void MapApi(WebApplication app, Chatbot chatbot)
    {
        RunningAnswers running = new();
        QuestionEndpoint questions = new(chatbot, running, app.Lifetime, app.Services.GetRequiredService<ILogger<Chatbot>>());
        app.MapPost("/api/conversations/{id}/questions", questions.AskAsync);
        new ConversationEndpoints(chatbot.Conversations, running).Map(app);
        new DocumentEndpoints(chatbot).Map(app);
    }

    private static void Configure(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = JsonBody.MostBytes;
    }

    /// <summary>Standard error, and only what went wrong.</summary>
    private static void AddLog(ILoggingBuilder logging)
    {
        // What keeps the host from starting is said once, by the command.
        logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None).SetMinimumLevel(LogLevel.Warning).AddSimpleConsole(console => console.SingleLine = true);
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    }
}
