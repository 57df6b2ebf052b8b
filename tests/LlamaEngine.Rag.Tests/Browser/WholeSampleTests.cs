using LlamaEngine.Rag.Tests.Chatbot;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace LlamaEngine.Rag.Tests.Browser;

/// <summary>The sample as it comes, in a browser: Lexicon, its own documents, nothing scripted.</summary>
public sealed class WholeSampleTests(ChromiumFixture chromium) : IClassFixture<ChromiumFixture>
{
    [Fact]
    public async Task A_fresh_clone_reads_its_documents_answers_and_shows_where_it_is_from()
    {
        IBrowser browser = chromium.Browser;
        await using WholeSample sample = await WholeSample.StartAsync();
        await using ChatPage page = await ChatPage.OpenAsync(browser, sample.Address);
        await Expect(page.Page.Locator("#documents-button")).ToHaveTextAsync($"{Directory.GetFiles(WholeSample.Documents).Length} documents");
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
