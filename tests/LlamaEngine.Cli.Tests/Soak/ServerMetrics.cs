using System.Globalization;

namespace LlamaEngine.Cli.Tests.Soak;

/// <summary>What a server's <c>/metrics</c> said at one time.</summary>
internal sealed class ServerMetrics(string text)
{
    private readonly string[] _lines = text.Split('\n');

    /// <summary>Asks a server.</summary>
    public static async Task<ServerMetrics> ReadAsync(HttpClient client) =>
        new(await client.GetStringAsync(new Uri("/metrics", UriKind.Relative), TestContext.Current.CancellationToken));

    /// <summary>The sum of all series of a name, whatever their labels; fails where there is none.</summary>
    public double this[string name]
    {
        get
        {
            string[] series = [.. _lines.Where(line => line.StartsWith(name, StringComparison.Ordinal) && line.Length > name.Length && line[name.Length] is ' ' or '{')];
            Assert.NotEmpty(series);
            return series.Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Whether the engines have nothing to do and hold nothing, and no connection is open but that of the question.</summary>
    public bool IsAtRest => this["llamaengine_requests_running"] + this["llamaengine_requests_waiting"] == 0
        && this["llamaengine_kv_blocks_used"] == 0 && this["llamaengine_kv_blocks_retained"] == 0
        && this["http_server_active_requests"] <= 1 && this["kestrel_active_connections"] <= 1;
}
