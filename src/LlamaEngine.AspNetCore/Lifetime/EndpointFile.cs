using System.Collections.Immutable;
using System.Text.Json;

namespace LlamaEngine.AspNetCore.Lifetime;

/// <summary>Where a server can be reached, for who started it: a JSON file that appears, whole, once the server is ready.</summary>
/// <param name="Url">Its base address.</param>
/// <param name="ProcessId">The server's process.</param>
/// <param name="Models">Names of its models.</param>
/// <param name="Started">When it was ready.</param>
internal sealed record EndpointFile(string Url, int ProcessId, ImmutableArray<string> Models, DateTimeOffset Started)
{
    /// <summary>Writes the file: to another one beside it, which then takes its name.</summary>
    /// <exception cref="IOException">The folder is not there, or full.</exception>
    /// <exception cref="UnauthorizedAccessException">It must not be written to.</exception>
    public void Write(string path)
    {
        string temporary = $"{path}.{ProcessId}.tmp";
        try
        {
            using (FileStream stream = new(temporary, FileMode.Create, FileAccess.Write))
            {
                WriteTo(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Removes the file, unless another server has written its own meanwhile.</summary>
    public void Remove(string path)
    {
        try
        {
            using JsonDocument file = JsonDocument.Parse(File.ReadAllBytes(path));
            if (file.RootElement.GetProperty("pid").GetInt32() == ProcessId && file.RootElement.GetProperty("url").GetString() == Url)
                File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            // Gone, or not ours: nothing to remove.
        }
    }

    private void WriteTo(Stream stream)
    {
        using Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteString("url", Url);
        json.WriteNumber("pid", ProcessId);
        json.WriteStartArray("models");
        foreach (string model in Models)
            json.WriteStringValue(model);
        json.WriteEndArray();
        json.WriteString("started", Started.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture));
        json.WriteEndObject();
    }
}
