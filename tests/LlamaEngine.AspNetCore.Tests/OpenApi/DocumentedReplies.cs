using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LlamaEngine.AspNetCore.Tests.OpenApi;

/// <summary>A reply, or a request that was answered, that the document does not describe.</summary>
public sealed class UndocumentedException(string message) : Exception(message);

/// <summary>
/// Stands before a test's server and compares what it answers with the document: the status, the kind of content, every field of the body, of
/// each event and each line. A request that was answered with 200 must be one that the document allows. What differs fails the test.
/// </summary>
/// <remarks>Paths that the document does not have are left alone, and so are replies that the test does not read to their end.</remarks>
internal sealed class DocumentedReplies(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private static readonly SchemaValidator s_requests = new(ApiDocument.Root), s_replies = new(ApiDocument.Root, isClosed: true);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        HttpResponseMessage response = await base.SendAsync(request, cancellationToken);
        if (ApiDocument.Find(request.Method.Method, request.RequestUri!.AbsolutePath) is not { } operation)
            return response;
        JsonElement reply = FindReply(operation, response);
        if (response.StatusCode == HttpStatusCode.OK && request.Content is ByteArrayContent content && operation.JsonBody is { } body)
            CheckRequest(operation, body, await content.ReadAsByteArrayAsync(cancellationToken));
        string? type = response.Content.Headers.ContentType?.MediaType;
        if (!reply.GetProperty("content").TryGetProperty(type ?? "", out JsonElement kind))
            throw Undocumented(operation, response, $"content of the type {type}");
        response.Content = new ObservedContent(response.Content, bytes => CheckBody(operation, response, type!, kind.GetProperty("schema"), bytes));
        return response;
    }

    private static JsonElement FindReply(ApiOperation operation, HttpResponseMessage response)
    {
        if (!operation.Json.GetProperty("responses").TryGetProperty($"{(int)response.StatusCode}", out JsonElement reply))
            throw Undocumented(operation, response, "a status that is not there");
        reply = s_replies.Resolve(reply);
        foreach (JsonProperty header in reply.TryGetProperty("headers", out JsonElement headers) ? headers.EnumerateObject() : default)
        {
            if (s_replies.Resolve(header.Value).TryGetProperty("required", out JsonElement required) && required.GetBoolean() && !response.Headers.Contains(header.Name))
                throw Undocumented(operation, response, $"no header {header.Name}");
        }
        return reply;
    }

    private static void CheckRequest(ApiOperation operation, JsonElement body, byte[] utf8)
    {
        JsonNode? given = WithoutNulls(JsonNode.Parse(utf8));
        if (s_requests.Validate(body.GetProperty("schema"), JsonSerializer.SerializeToElement(given)) is { } error)
            throw new UndocumentedException($"{operation.Path} took a request against the document: {error}");
    }

    private static void CheckBody(ApiOperation operation, HttpResponseMessage response, string type, JsonElement schema, byte[] body)
    {
        IEnumerable<string> values = type switch
        {
            "application/json" => [Encoding.UTF8.GetString(body)],
            "application/x-ndjson" => Encoding.UTF8.GetString(body).Split('\n', StringSplitOptions.RemoveEmptyEntries),
            "text/event-stream" => EventReader.Split(Encoding.UTF8.GetString(body)).Where(data => data != "[DONE]"),
            _ => [],
        };
        foreach (string value in values)
        {
            if (s_replies.Validate(schema, JsonSerializer.Deserialize<JsonElement>(value)) is { } error)
                throw Undocumented(operation, response, $"{error}\n{value}");
        }
    }

    /// <summary>A field that is null counts as not given.</summary>
    private static JsonNode? WithoutNulls(JsonNode? node) => node switch
    {
        JsonObject group => new JsonObject(group.Where(field => field.Value is not null).Select(field => KeyValuePair.Create(field.Key, WithoutNulls(field.Value)))),
        JsonArray list => new JsonArray([.. list.Select(WithoutNulls)]),
        _ => node?.DeepClone(),
    };

    private static UndocumentedException Undocumented(ApiOperation operation, HttpResponseMessage response, string what) =>
        new($"{operation.Method} {operation.Path} answered with {(int)response.StatusCode}: {what}");

    /// <summary>Content that is looked at when it has been read to its end; it comes as fast and as far as the test reads it.</summary>
    private sealed class ObservedContent : HttpContent
    {
        private readonly HttpContent _content;
        private readonly Action<byte[]> _check;

        public ObservedContent(HttpContent content, Action<byte[]> check)
        {
            (_content, _check) = (content, check);
            foreach ((string name, IEnumerable<string> values) in content.Headers)
                Headers.TryAddWithoutValidation(name, values);
        }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context) => await (await CreateContentReadStreamAsync()).CopyToAsync(stream);

        protected override async Task<Stream> CreateContentReadStreamAsync() => new ObservedStream(await _content.ReadAsStreamAsync(), _check);

        protected override bool TryComputeLength(out long length)
        {
            length = _content.Headers.ContentLength ?? 0;
            return _content.Headers.ContentLength is not null;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                _content.Dispose();
            base.Dispose(disposing);
        }
    }

    private sealed class ObservedStream(Stream inner, Action<byte[]> check) : Stream
    {
        private readonly MemoryStream _seen = new();
        private bool _checked;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => Note(buffer.AsSpan(offset, inner.Read(buffer, offset, count)), count);

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int read = await inner.ReadAsync(buffer, cancellationToken);
            return Note(buffer.Span[..read], buffer.Length);
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                inner.Dispose();
            base.Dispose(disposing);
        }

        private int Note(ReadOnlySpan<byte> read, int wanted)
        {
            _seen.Write(read);
            if (read.IsEmpty && wanted > 0 && !_checked)
            {
                _checked = true;
                check(_seen.ToArray());
            }
            return read.Length;
        }
    }
}
