using System.Text.Json;
using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Errors;
using LlamaEngine.Scheduling;

namespace LlamaEngine.AspNetCore.Operations;

/// <summary>An operation whose reply can come in pieces.</summary>
internal interface IStreamingOperation : IOperation
{
    /// <summary>Whether a body asks for that. A wrong body may be answered either way: both refuse it.</summary>
    bool IsStreaming(JsonObject body);

    /// <summary>Runs a request and writes its reply as it comes.</summary>
    /// <param name="events">Takes the pieces; nothing is written before the first of them is there.</param>
    /// <inheritdoc cref="IOperation.RunAsync"/>
    Task StreamAsync(JsonObject body, int priority, IEventWriter events, CancellationToken cancellation);
}

/// <summary>Takes a reply piece by piece, each one JSON object.</summary>
internal interface IEventWriter
{
    /// <summary>How often it is worth while to send something.</summary>
    UpdatePace Pace { get; }

    /// <summary>Begins a piece, behind those that were begun since the last <see cref="SendAsync"/>; write one object.</summary>
    Utf8JsonWriter Begin();

    /// <summary>Sends the pieces, if there are any; returns when the client's connection can take more.</summary>
    ValueTask SendAsync(CancellationToken cancellation);

    /// <summary>Notes tokens that the request has taken, for the limits of whoever asked.</summary>
    void Note(int tokens);
}
