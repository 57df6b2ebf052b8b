namespace LlamaEngine.AspNetCore.Replies;

/// <summary>Why completions end, in OpenAI's words.</summary>
internal static class FinishReasons
{
    /// <summary>The word; null: it has not ended.</summary>
    /// <param name="callsTools">The reply calls functions, which its caller is to run now.</param>
    public static string? NameOf(FinishReason reason, bool callsTools = false) => reason switch
    {
        FinishReason.Stop when callsTools => "tool_calls",
        FinishReason.Stop => "stop",
        FinishReason.Length => "length",
        _ => null,
    };
}
