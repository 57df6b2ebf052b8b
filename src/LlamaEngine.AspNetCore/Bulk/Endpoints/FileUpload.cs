using System.Globalization;
using System.Text;
using LlamaEngine.AspNetCore.Bulk.Storage;
using LlamaEngine.AspNetCore.Errors;
using LlamaEngine.AspNetCore.Http;
using LlamaEngine.Formats;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace LlamaEngine.AspNetCore.Bulk.Endpoints;

/// <summary>
/// Receives a file as multipart/form-data: <c>file</c>, <c>purpose</c>, and if it is to expire <c>expires_after[anchor]</c> and
/// <c>expires_after[seconds]</c>, in any order. It goes to the disk as it comes, and is kept when all is well.
/// </summary>
internal sealed class FileUpload(BulkService bulk)
{
    /// <summary>How long a file may be asked to stay, in seconds: an hour to 30 days.</summary>
    public const int LeastExpiry = 3600, MostExpiry = 2_592_000;

    private const int MaxFieldBytes = 1024, MaxFilenameLength = 255, MaxSections = 8;

    private readonly Dictionary<string, string> _fields = [];
    private string? _filename;

    /// <summary>Receives the file that a request carries.</summary>
    /// <exception cref="ApiException">It is too large (413), or a field is missing or wrong.</exception>
    public Task<FileObject> ReceiveAsync(HttpContext context)
    {
        RequestBody.RequirePlain(context.Request);
        // What is read is counted here. With a limit of its own the host would cut the connection of a client that sends too much before it
        // has read the answer.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } host)
            host.MaxRequestBodySize = null;
        MultipartReader reader = new(BoundaryOf(context.Request), context.Request.Body);
        return bulk.Storage.Files.AddAsync(null, file => ReceiveAsync(reader, file, context.RequestAborted), Describe);
    }

    private static string BoundaryOf(HttpRequest request) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? type)
        && type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase)
        && HeaderUtilities.RemoveQuotes(type.Boundary) is { Length: > 0 and <= 200 } boundary
            ? boundary.ToString()
            : throw new ApiException(
                StatusCodes.Status415UnsupportedMediaType, "invalid_request_error", "The Content-Type must be multipart/form-data with a boundary.", code: "unsupported_media_type");

    private async Task ReceiveAsync(MultipartReader reader, Stream file, CancellationToken cancellation)
    {
        for (int count = 1; await ReadAsync(() => reader.ReadNextSectionAsync(cancellation)) is { } section; count++)
        {
            if (count > MaxSections)
                throw ApiException.Invalid($"The form has more than {MaxSections} parts.", code: "invalid_form");
            if (!ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out ContentDispositionHeaderValue? disposition))
                throw ApiException.Invalid("A part of the form has no Content-Disposition with a name.", code: "invalid_form");
            string name = HeaderUtilities.RemoveQuotes(disposition.Name).ToString();
            if (name == "file")
                await ReceiveFileAsync(section, disposition, file, cancellation);
            else
                await ReceiveFieldAsync(section, name, cancellation);
        }
    }

    private async Task ReceiveFileAsync(
        MultipartSection section, ContentDispositionHeaderValue disposition, Stream file, CancellationToken cancellation)
    {
        if (_filename is not null)
            throw ApiException.Invalid("'file' must be given once.", "file", "invalid_value");
        string name = HeaderUtilities.RemoveQuotes(disposition.FileNameStar.HasValue ? disposition.FileNameStar : disposition.FileName).ToString();
        if (name.Length is 0 or > MaxFilenameLength || name.Any(char.IsControl))
            throw ApiException.Invalid($"'file' must have a filename of 1 to {MaxFilenameLength} characters.", "file", "invalid_value");
        _filename = name;
        byte[] buffer = new byte[1 << 16];
        long length = 0;
        while (await ReadAsync(() => section.Body.ReadAsync(buffer, cancellation).AsTask()) is > 0 and int read)
        {
            if ((length += read) > bulk.Options.MaxFileBytes)
            {
                throw new ApiException(
                    StatusCodes.Status413PayloadTooLarge, "invalid_request_error", $"The file is longer than {bulk.Options.MaxFileBytes} bytes.", "file", "file_too_large");
            }
            await file.WriteAsync(buffer.AsMemory(0, read), cancellation);
        }
    }

    private async Task ReceiveFieldAsync(MultipartSection section, string name, CancellationToken cancellation)
    {
        if (name is not ("purpose" or "expires_after[anchor]" or "expires_after[seconds]"))
        {
            throw ApiException.Invalid(
                $"'{Untrusted.Show(name)}' is not supported. Supported: file, purpose, expires_after[anchor], expires_after[seconds].",
                Untrusted.Show(name), "unsupported_parameter");
        }
        byte[] value = new byte[MaxFieldBytes + 1];
        int length = await ReadAsync(() => section.Body.ReadAtLeastAsync(value, value.Length, throwOnEndOfStream: false, cancellation).AsTask());
        if (length > MaxFieldBytes)
            throw ApiException.Invalid($"'{name}' is longer than {MaxFieldBytes} bytes.", name, "invalid_value");
        if (!_fields.TryAdd(name, Encoding.UTF8.GetString(value, 0, length)))
            throw ApiException.Invalid($"'{name}' must be given once.", name, "invalid_value");
    }

    // What the client sent is wrong, unlike a disk that cannot be written.
    private static async Task<T> ReadAsync<T>(Func<Task<T>> read)
    {
        try
        {
            return await read();
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException and not BadHttpRequestException)
        {
            throw ApiException.Invalid($"The form cannot be read: {exception.Message}", code: "invalid_form");
        }
    }

    private FileObject Describe(FileObject file)
    {
        if (_filename is null)
            throw ApiException.Invalid("'file' is missing.", "file", "missing_required_parameter");
        if (!_fields.TryGetValue("purpose", out string? purpose))
            throw ApiException.Invalid("'purpose' is missing.", "purpose", "missing_required_parameter");
        if (purpose != FilePurpose.Batch)
            throw ApiException.Invalid($"'purpose' must be '{FilePurpose.Batch}'; files for anything else are not kept.", "purpose", "unsupported_parameter");
        return file with { Filename = _filename, Purpose = purpose, ExpiresAt = file.CreatedAt + ReadExpiry() };
    }

    private int? ReadExpiry()
    {
        bool hasAnchor = _fields.TryGetValue("expires_after[anchor]", out string? anchor), hasSeconds = _fields.TryGetValue("expires_after[seconds]", out string? text);
        if (!hasAnchor && !hasSeconds)
            return null;
        if (anchor != "created_at")
            throw ApiException.Invalid("'expires_after[anchor]' must be created_at.", "expires_after[anchor]", "invalid_value");
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int seconds) && seconds is >= LeastExpiry and <= MostExpiry
            ? seconds
            : throw ApiException.Invalid(
                $"'expires_after[seconds]' must be a whole number from {LeastExpiry} to {MostExpiry}.", "expires_after[seconds]", "invalid_value");
    }
}
