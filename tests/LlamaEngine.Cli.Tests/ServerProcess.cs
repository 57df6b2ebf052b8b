using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace LlamaEngine.Cli.Tests;

/// <summary><c>llama-engine serve</c> as a process of its own, with the demo model unless it is told otherwise.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly TemporaryFolder _folder = new();
    private readonly Task<string> _log;

    private ServerProcess(string url, string[] arguments, IReadOnlyDictionary<string, string?>? environment = null)
    {
        EndpointFile = _folder.FileOf("endpoint.json");
        string program = Path.Combine(AppContext.BaseDirectory, "llama-engine.dll");
        string[] models = arguments.Contains("--model") ? [] : ["--model", $"lexicon={CliRun.Lexicon}"];
        ProcessStartInfo start = new("dotnet", ["exec", program, "serve", "--urls", url, "--endpoint-file", EndpointFile, .. models, .. arguments])
        {
            RedirectStandardError = true,
        };
        foreach ((string name, string? value) in environment ?? new Dictionary<string, string?>())
            start.Environment[name] = value;
        _process = Process.Start(start)!;
        _log = _process.StandardError.ReadToEndAsync(Token);
    }

    /// <summary>Where it writes its address.</summary>
    public string EndpointFile { get; }

    /// <summary>Its process id.</summary>
    public int Id => _process.Id;

    /// <summary>A client of it, once it is ready.</summary>
    public HttpClient Client { get; private set; } = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Starts a server on a free port, and waits until it is ready.</summary>
    public static Task<ServerProcess> StartAsync(params string[] arguments) => StartAtAsync("http://127.0.0.1:0", arguments);

    /// <summary>Starts a server at an address, and waits until it is ready.</summary>
    public static Task<ServerProcess> StartAtAsync(string url, params string[] arguments) => WaitForAsync(new ServerProcess(url, arguments));

    /// <summary>Starts a server with environment variables of its own, and waits until it is ready.</summary>
    public static Task<ServerProcess> StartAsync(IReadOnlyDictionary<string, string?> environment) =>
        WaitForAsync(new ServerProcess("http://127.0.0.1:0", [], environment));

    private static async Task<ServerProcess> WaitForAsync(ServerProcess server)
    {
        try
        {
            await server.WaitUntilReadyAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a server that cannot start; gives its exit code and what it says.</summary>
    public static async Task<(int ExitCode, string Log)> FailAsync(string url, params string[] arguments)
    {
        await using var server = new ServerProcess(url, arguments);
        return await server.WaitForExitAsync();
    }

    /// <summary>The endpoint file.</summary>
    public JsonElement ReadEndpointFile()
    {
        using JsonDocument file = JsonDocument.Parse(File.ReadAllBytes(EndpointFile));
        return file.RootElement.Clone();
    }

    /// <summary>Posts a JSON body.</summary>
    /// <param name="key">An API key; null: none.</param>
    public Task<HttpResponseMessage> PostAsync(string path, string json, string? key = null)
    {
        var message = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        if (key is not null)
            message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return Client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, Token);
    }

    /// <summary>Status and body of what a path answers.</summary>
    public async Task<(HttpStatusCode Status, string Body)> GetAsync(string path)
    {
        using HttpResponseMessage response = await Client.GetAsync(new Uri(path, UriKind.Relative), Token);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Token));
    }

    /// <summary>Sends a signal, as job schedulers do.</summary>
    public void Signal(string name)
    {
        using Process kill = Process.Start("sh", ["-c", $"kill -{name} {_process.Id}"]); // the shell's own: a program of that name is not everywhere
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }

    /// <summary>Waits for its end.</summary>
    public async Task<(int ExitCode, string Log)> WaitForExitAsync()
    {
        await _process.WaitForExitAsync(Token);
        return (_process.ExitCode, await _log);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
        Client.Dispose();
        _folder.Dispose();
    }

    private async Task WaitUntilReadyAsync()
    {
        while (!File.Exists(EndpointFile))
        {
            if (_process.HasExited)
                Assert.Fail($"The server ended with {_process.ExitCode}: {await _log}");
            await Task.Delay(10, Token);
        }
        string url = ReadEndpointFile().GetProperty("url").GetString()!;
        const string Socket = "http://unix:";
        string? path = url.StartsWith(Socket, StringComparison.Ordinal) ? url[Socket.Length..] : null;
        Client.Dispose();
        Client = new HttpClient(HandlerFor(path)) { BaseAddress = new Uri(path is null ? url : "http://localhost") };
    }

    private static SocketsHttpHandler HandlerFor(string? socket) => new()
    {
        UseProxy = false,
        ConnectCallback = socket is null ? null : async (_, cancellation) =>
        {
            var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancellation);
            return new NetworkStream(connection, ownsSocket: true);
        },
    };
}
