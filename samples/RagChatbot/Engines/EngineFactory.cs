using Microsoft.Extensions.AI;

namespace RagChatbot.Engines;

/// <summary>Makes the client for the servers that answer instead of the engine in this process.</summary>
internal static class EngineFactory
{
    /// <summary>A client over all of them.</summary>
    /// <param name="options">Which servers; at least one, or a file that names some.</param>
    /// <param name="log">Told, in a line, of servers that fail and of lines of the file that are passed over; one line at a time.</param>
    /// <param name="time">The clock; null: the system's.</param>
    /// <exception cref="ArgumentException">There is no server, or an address is none.</exception>
    /// <exception cref="HostsFileException">The file cannot be read, or names no server.</exception>
    public static IChatClient CreateChatClient(EndpointOptions options, Action<string> log, TimeProvider? time = null)
    {
        Uri[] given = [.. options.Endpoints.Select(address =>
            EndpointAddress.Normalize(address) ?? throw new ArgumentException($"'{address}' is no address of a server: it is like http://127.0.0.1:8080/v1."))];
        Lock turn = new();
        HostsFile? file = options.HostsFile is { } path ? new HostsFile(path, Log) : null;
        if (given.Length == 0 && file is null)
            throw new ArgumentException("No server is named.");

        HttpClient http = new(new SocketsHttpHandler { ConnectTimeout = options.ConnectTimeout, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
        {
            Timeout = Timeout.InfiniteTimeSpan, // the client of OpenAI watches over silence
        };
        BalancedChatClient balanced = new(
            () => file is null ? given : [.. given.Union(file.Hosts)], address => new OpenAIEndpoint(address, options, http), time ?? TimeProvider.System, Log);
        return new OwningClient(balanced, http);

        void Log(string line)
        {
            lock (turn)
                log(line);
        }
    }

    /// <summary>The client, with what it sends by.</summary>
    private sealed class OwningClient(IChatClient inner, HttpClient http) : DelegatingChatClient(inner)
    {
        protected override void Dispose(bool disposing)
        {
            base.Dispose(disposing);
            if (disposing)
                http.Dispose();
        }
    }
}
