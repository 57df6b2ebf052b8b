using Microsoft.Playwright;

namespace LlamaEngine.Rag.Tests.Browser;

/// <summary>Debian's Chromium, driven by Playwright; tests are skipped where there is none.</summary>
public sealed class ChromiumFixture : IAsyncLifetime
{
    private static readonly string[] s_names = ["chromium", "chromium-browser", "google-chrome"];

    private IPlaywright? _playwright;
    private IBrowser? _browser;
    private string _missing = "";

    /// <summary>The browser; skips the running test where there is none.</summary>
    internal IBrowser Browser
    {
        get
        {
            if (_browser is null)
                Assert.Skip(_missing);
            return _browser;
        }
    }

    public async ValueTask InitializeAsync()
    {
        if (FindProgram() is not { } program)
        {
            _missing = "needs Chromium (Debian's package chromium), which this machine does not have";
            return;
        }
        // Far beyond what anything here takes: a wait ends when what it waits for is there.
        Assertions.SetDefaultExpectTimeout(60_000);
        _playwright = await Playwright.CreateAsync();
        // No sandbox: continuous integration runs as root, in a container; the pages are our own.
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = program,
            Args = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
            Timeout = 120_000,
        });
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
    }

    private static string? FindProgram()
    {
        string[] folders = ["/usr/bin", .. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)];
        return folders.SelectMany(folder => s_names.Select(name => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
    }
}
