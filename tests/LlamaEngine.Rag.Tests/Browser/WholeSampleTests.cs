using LlamaEngine.Rag.Tests.Chatbot;
using Microsoft.AspNetCore.Builder;
using Microsoft.Playwright;
using RagChatbot;
using RagChatbot.CommandLine;
using RagChatbot.Web;
using static Microsoft.Playwright.Assertions;

namespace LlamaEngine.Rag.Tests.Browser;

/// <summary>The sample as it comes, in a browser: Lexicon, its own documents, nothing scripted.</summary>
public sealed class WholeSampleTests(ChromiumFixture chromium) : IClassFixture<ChromiumFixture>, IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("sample-").FullName;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    public async Task A_fresh_clone_reads_its_documents_answers_and_shows_where_it_is_from()
    {
        IBrowser browser = chromium.Browser;
        ChatbotSettings settings = new()
        {
            Engine = new EngineOptions(),
            Documents = Path.Combine(AppContext.BaseDirectory, "documents"),
            Data = _data,
            Urls = ["http://127.0.0.1:0"],
            Endpoints = [],
        };
        await using ChatbotParts parts = await ChatbotParts.CreateAsync(settings, new Terminal(TextWriter.Null, TextWriter.Null), ApiClient.Cancellation);
        await using WebApplication app = ChatbotApp.Build(parts.Chatbot, settings.Urls);
        await app.StartAsync(ApiClient.Cancellation);
        await parts.Chatbot.Folder.RefreshAsync();
        Assert.Empty(parts.Chatbot.Folder.State.Failures);

        await using ChatPage page = await ChatPage.OpenAsync(browser, new Uri(app.Urls.Single() + "/"));
        await Expect(page.Page.Locator("#documents-button")).ToHaveTextAsync($"{Directory.GetFiles(settings.Documents).Length} documents");
        await page.AskToEndAsync("Who was the last keeper of the lighthouse?");
        await Expect(page.Answer).ToContainTextAsync("Dorothea Finch");
        await page.Answer.GetByRole(AriaRole.Button).First.ClickAsync();
        await Expect(page.Page.Locator("blockquote:visible")).ToContainTextAsync("Dorothea Finch");
        await Expect(page.Page.Locator("blockquote mark")).ToHaveTextAsync("Dorothea Finch was the last keeper and left the tower in 1993.");
        await page.Page.Locator(".passage-body button:visible").ClickAsync();
        await Expect(page.Viewer.Locator("mark")).ToContainTextAsync("Dorothea Finch");
        await page.ScreenshotsAsync("sample-document");
        await page.Page.Keyboard.PressAsync("Escape");
        await page.ScreenshotsAsync("sample-answer");

        await page.AskToEndAsync("Who was the first person on the moon?");
        await Expect(page.Answer).ToHaveTextAsync("The documents do not say.");
        await page.ScreenshotsAsync("sample-refusal");
        await page.AssertCleanAsync();
    }
}
