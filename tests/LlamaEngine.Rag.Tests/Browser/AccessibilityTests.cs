using System.Text.Json;
using LlamaEngine.Rag.Tests.Chatbot;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace LlamaEngine.Rag.Tests.Browser;

/// <summary>The page for everyone: by keyboard alone, with a screen reader, narrow, dark, without motion.</summary>
public sealed class AccessibilityTests(ChromiumFixture chromium) : IClassFixture<ChromiumFixture>, IAsyncLifetime
{
    private static readonly string[] s_controls = ["button", "link", "textbox", "dialog", "alertdialog", "region", "navigation", "progressbar", "combobox", "checkbox"];

    // The page itself, and every box in it that could be scrolled sideways.
    private const string WiderThanTheirBox = """
        () => [document.documentElement, ...document.querySelectorAll("*")]
          .filter(node => node === document.documentElement || ["auto", "scroll"].includes(getComputedStyle(node).overflowX))
          .filter(node => node.scrollWidth > node.clientWidth)
          .map(node => `${node.tagName} ${node.className}: ${node.scrollWidth} > ${node.clientWidth}`)
        """;

    private ChatbotSite _site = null!;

    public async ValueTask InitializeAsync() => _site = await ChatbotSite.StartAsync(
        ("harbour-and-ferry.md", ["The harbour was dug in 1871, when the island had more sheep than people, and every stone came by boat.", "Ferries leave at noon."]),
        ("people.txt", ["Ada keeps the light."]));

    public ValueTask DisposeAsync() => _site.DisposeAsync();

    [Fact]
    public async Task Everything_can_be_done_by_keyboard()
    {
        _site.Chat.Prepare([_site.Passage(1, "harbour-and-ferry.md", 0)], "In 1871. [1]").ReleaseAll();
        await using ChatPage page = await OpenAsync(1280, ColorScheme.Light);
        IKeyboard keys = page.Page.Keyboard;
        await keys.TypeAsync("When was");
        await keys.PressAsync("Shift+Enter");
        await keys.TypeAsync("it dug?");
        Assert.Equal("When was\nit dug?", await page.Question.InputValueAsync());
        await keys.PressAsync("Enter");
        await Expect(page.Page.Locator(".usage")).ToBeVisibleAsync();
        await Expect(page.Question).ToBeFocusedAsync();

        await PressUntilAsync(page, "Shift+Tab", ".citation");
        await AssertFocusIsSeenAsync(page);
        await keys.PressAsync("Enter");
        await Expect(page.Page.Locator(".passage-name")).ToBeFocusedAsync();
        await PressUntilAsync(page, "Tab", ".passage-body button");
        await keys.PressAsync("Enter");
        await Expect(page.Viewer).ToBeVisibleAsync();
        for (int press = 0; press < 6; press++)
        {
            await keys.PressAsync("Tab");
            Assert.True(await page.Page.EvaluateAsync<bool>("() => document.activeElement === document.body || document.getElementById('viewer').contains(document.activeElement)"));
        }
        await keys.PressAsync("Escape");
        await Expect(page.Page.Locator(".passage-body button")).ToBeFocusedAsync();

        await PressUntilAsync(page, "Shift+Tab", "#conversations button[aria-label^='Delete']");
        await keys.PressAsync("Enter");
        await Expect(page.Page.Locator("#delete")).ToBeVisibleAsync();
        await keys.PressAsync("Escape");
        await PressUntilAsync(page, "Shift+Tab", "#skip");
        await keys.PressAsync("Enter");
        await Expect(page.Question).ToBeFocusedAsync();
        Assert.Matches("#c/[0-9a-f]{32}$", page.Page.Url);
        await page.AssertCleanAsync();
    }

    [Theory]
    [InlineData(360, ColorScheme.Light)]
    [InlineData(360, ColorScheme.Dark)]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(1280, ColorScheme.Dark)]
    public async Task Every_state_fits_has_contrast_and_names(int width, ColorScheme scheme)
    {
        await using ChatPage page = await OpenAsync(width, scheme);
        await CheckAsync(page, "welcome", width, scheme);

        _site.Chat.Prepare([_site.Passage(1, "harbour-and-ferry.md", 0), _site.Passage(2, "people.txt", 0)],
            "The harbour was dug in 1871, when the island had more sheep than people. [1]").ReleaseAll();
        await page.AskToEndAsync("When was the harbour dug, and why?");
        _site.Chat.Prepare(new ScriptedAnswer([], ["The documents do not say."]) { IsRefusal = true }).ReleaseAll();
        await page.AskToEndAsync("What is the capital of " + new string('x', 120) + "?");
        await page.Page.Locator(".citation").ClickAsync();
        await CheckAsync(page, "answer", width, scheme);

        await page.Page.Locator(".passage-body button").First.ClickAsync();
        await Expect(page.Viewer.Locator("mark")).ToBeVisibleAsync();
        await CheckAsync(page, "document", width, scheme);
        await page.Page.Keyboard.PressAsync("Escape");

        await page.Page.Locator("#documents-button").ClickAsync();
        await Expect(page.Page.Locator("#document-list li")).ToHaveCountAsync(2);
        await CheckAsync(page, "documents", width, scheme);
        await page.Page.Keyboard.PressAsync("Escape");

        ScriptedAnswer stopped = _site.Chat.Prepare([], "Half of an answer", "");
        await page.AskAsync("And?");
        stopped.Release();
        await Expect(page.Answer).ToHaveTextAsync("Half of an answer");
        await CheckAsync(page, "streaming", width, scheme);
        Assert.Equal(0, await page.Page.EvaluateAsync<int>("() => document.getAnimations().length")); // reduced motion was asked for
        await page.StopButton.ClickAsync();
        await Expect(page.Page.Locator(".stopped")).ToBeVisibleAsync();

        if (width < 768)
            await page.Page.GetByRole(AriaRole.Button, new() { Name = "Conversations", Exact = true }).ClickAsync();
        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Delete When was" }).ClickAsync();
        await CheckAsync(page, "delete", width, scheme);
        await page.AssertCleanAsync();
    }

    private Task<ChatPage> OpenAsync(int width, ColorScheme scheme) => ChatPage.OpenAsync(chromium.Browser, _site.Address, width: width, height: width == 360 ? 740 : 860, scheme: scheme);

    private static async Task CheckAsync(ChatPage page, string state, int width, ColorScheme scheme)
    {
        await page.ScreenshotAsync($"{state}-{width}-{scheme.ToString().ToLowerInvariant()}");
        Assert.Equal(scheme == ColorScheme.Dark, await page.Page.EvaluateAsync<bool>("() => matchMedia('(prefers-color-scheme: dark)').matches"));
        Assert.Empty(await page.Page.EvaluateAsync<string[]>(WiderThanTheirBox));
        Assert.Empty(await page.Page.EvaluateAsync<string[]>(Contrast.Script));
        await AssertNamesAsync(page, state);
    }

    // The browser's own tree for screen readers says what each control is called.
    private static async Task AssertNamesAsync(ChatPage page, string state)
    {
        ICDPSession session = await page.Page.Context.NewCDPSessionAsync(page.Page);
        JsonElement tree = (await session.SendAsync("Accessibility.getFullAXTree"))!.Value;
        int controls = 0;
        foreach (JsonElement node in tree.GetProperty("nodes").EnumerateArray())
        {
            if (node.GetProperty("ignored").GetBoolean() || !s_controls.Contains(ValueOf(node, "role")))
                continue;
            controls++;
            Assert.True(ValueOf(node, "name").Length > 0, $"A {ValueOf(node, "role")} has no name while the page shows '{state}'.");
        }
        Assert.True(controls >= 2);
        await session.DetachAsync();
    }

    private static string ValueOf(JsonElement node, string property) =>
        node.TryGetProperty(property, out JsonElement value) && value.TryGetProperty("value", out JsonElement text) ? text.GetString() ?? "" : "";

    private static async Task PressUntilAsync(ChatPage page, string key, string selector)
    {
        for (int press = 0; press < 60; press++)
        {
            await page.Page.Keyboard.PressAsync(key);
            if (await page.Page.EvaluateAsync<bool>("selector => document.activeElement.matches(selector)", selector))
                return;
        }
        Assert.Fail($"{key} does not lead to {selector}.");
    }

    private static async Task AssertFocusIsSeenAsync(ChatPage page) =>
        Assert.True(await page.Page.EvaluateAsync<bool>("() => { const style = getComputedStyle(document.activeElement); return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2; }"));
}
