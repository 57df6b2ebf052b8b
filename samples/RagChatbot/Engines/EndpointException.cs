using System.Net;

namespace RagChatbot.Engines;

/// <summary>A server did not answer as it should, or no server is left; the message names the servers and what they said.</summary>
/// <param name="isTemporary">Another server, or this one later, may answer the same request.</param>
internal sealed class EndpointException(string message, bool isTemporary, HttpStatusCode? status = null, Exception? innerException = null)
    : HttpRequestException(message, innerException, status)
{
    /// <summary>Another server, or this one later, may answer the same request.</summary>
    public bool IsTemporary => isTemporary;
}
