namespace LlamaEngine.AspNetCore.Replies;

/// <summary>Why completions end, in OpenAI's words.</summary>
internal static class FinishReasons
{
    /// <summary>The word; null: it has not ended.</summary>
    public static string? NameOf(FinishReason reason) => reason switch
    {
        FinishReason.Stop => "stop",
        FinishReason.Length => "length",
        _ => null,
    };
}
