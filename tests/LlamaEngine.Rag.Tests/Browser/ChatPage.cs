using System.Collections.Concurrent;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace LlamaEngine.Rag.Tests.Browser;

/// <summary>The page in a browser of its own, and everything suspicious that happened in it.</summary>
internal sealed class ChatPage : IAsyncDisposable
{
    private readonly Uri _address;
    private readonly ConcurrentQueue<string> _troubles = new();

    private ChatPage(IPage page, Uri address) => (Page, _address) = (page, address);

    public IPage Page { get; }

    public ILocator Question => Page.GetByLabel("Your question");

    public ILocator AskButton => Page.GetByRole(AriaRole.Button, new() { Name = "Ask", Exact = true });

    public ILocator StopButton => Page.GetByRole(AriaRole.Button, new() { Name = "Stop", Exact = true });

    public ILocator Turns => Page.GetByRole(AriaRole.Article);

    /// <summary>The text of the last answer.</summary>
    public ILocator Answer => Page.Locator(".answer-text").Last;

    public ILocator Viewer => Page.Locator("#viewer");

    public static async Task<ChatPage> OpenAsync(IBrowser browser, Uri address, int width = 1280, int height = 900, ColorScheme scheme = ColorScheme.Light)
    {
        IBrowserContext context = await browser.NewContextAsync(new() { ViewportSize = new() { Width = width, Height = height }, ColorScheme = scheme, ReducedMotion = ReducedMotion.Reduce });
        context.SetDefaultTimeout(60_000);
        ChatPage opened = new(await context.NewPageAsync(), address);
        await opened.WatchAsync();
        await opened.Page.GotoAsync(address.AbsoluteUri);
        await Expect(opened.Question).ToBeFocusedAsync();
        return opened;
    }

    public async Task AskAsync(string question)
    {
        await Question.FillAsync(question);
        await AskButton.ClickAsync();
    }

    /// <summary>Asks, and waits for the end of the answer.</summary>
    public async Task AskToEndAsync(string question)
    {
        await AskAsync(question);
        await Expect(StopButton).ToBeHiddenAsync();
        await Expect(Page.Locator(".usage").Last).ToBeVisibleAsync();
    }

    /// <summary>The page asked nobody but its own server, met no error, broke no rule of its policy, and opened no message box.</summary>
    public async Task AssertCleanAsync()
    {
        string[] violations = await Page.EvaluateAsync<string[]>("() => window.violations");
        Assert.Empty(violations);
        Assert.Empty(_troubles);
    }

    /// <summary>Keeps a picture of what is seen, in the folder that LLAMAENGINE_SCREENSHOTS names; without it, nothing.</summary>
    public async Task ScreenshotAsync(string name)
    {
        if (Environment.GetEnvironmentVariable("LLAMAENGINE_SCREENSHOTS") is { Length: > 0 } folder)
            await Page.ScreenshotAsync(new() { Path = Path.Combine(folder, name + ".png") });
    }

    /// <summary>The same in both widths and schemes.</summary>
    public async Task ScreenshotsAsync(string name)
    {
        foreach (int width in new[] { 360, 1280 })
        {
            foreach (ColorScheme scheme in new[] { ColorScheme.Dark, ColorScheme.Light })
            {
                await Page.SetViewportSizeAsync(width, width == 360 ? 740 : 900);
                await Page.EmulateMediaAsync(new() { ColorScheme = scheme });
                await ScreenshotAsync($"{name}-{width}-{scheme.ToString().ToLowerInvariant()}");
            }
        }
    }

    public async ValueTask DisposeAsync() => await Page.Context.DisposeAsync();

    private async Task WatchAsync()
    {
        Page.Request += (_, request) => NoteUnless(request.Url.StartsWith(_address.AbsoluteUri, StringComparison.Ordinal), $"request of {request.Url}");
        Page.Console += (_, message) => NoteUnless(message.Type is not ("error" or "warning"), $"console: {message.Text}");
        Page.PageError += (_, error) => NoteUnless(false, $"error: {error}");
        Page.Dialog += async (_, dialog) =>
        {
            NoteUnless(false, $"message box: {dialog.Message}");
            await dialog.DismissAsync();
        };
        await Page.AddInitScriptAsync("window.violations = []; addEventListener('securitypolicyviolation', e => window.violations.push(`${e.violatedDirective} ${e.blockedURI}`));");
    }

    private void NoteUnless(bool isFine, string trouble)
    {
        if (!isFine)
            _troubles.Enqueue(trouble);
    }
}
