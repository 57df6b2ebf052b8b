namespace RagChatbot.Web;

/// <summary>A request cannot be answered as it was asked.</summary>
/// <param name="status">The status of HTTP.</param>
/// <param name="title">What kind of thing is wrong; the same each time.</param>
/// <param name="detail">What is wrong with this request.</param>
internal sealed class ApiException(int status, string title, string detail) : Exception(detail)
{
    /// <summary>The status of HTTP.</summary>
    public int Status => status;

    /// <summary>What kind of thing is wrong; the same each time.</summary>
    public string Title => title;

    /// <summary>400: the request itself is wrong.</summary>
    public static ApiException Invalid(string detail) => new(StatusCodes.Status400BadRequest, "The request is not valid.", detail);

    /// <summary>404: what it names is not there.</summary>
    public static ApiException NotFound(string detail) => new(StatusCodes.Status404NotFound, "Not found.", detail);
}
