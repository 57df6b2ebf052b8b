using System.Text;
using System.Text.Json;
using LlamaEngine.Tokenization;

namespace LlamaEngine.AspNetCore.Replies;

/// <summary>Writes log probabilities of a chat as OpenAI's API does: each token as text and bytes, with its alternatives.</summary>
/// <param name="ends">Tokens that end a completion and are no part of its text, so they are left out at its end.</param>
internal sealed class TokenLog(Tokenizer tokenizer, IReadOnlySet<int> ends)
{
    /// <summary>What stands for the logarithm of 0, which JSON cannot write.</summary>
    private const float Impossible = -9999;

    /// <summary>Whether an update has a token to report.</summary>
    public bool Reports(CompletionUpdate update) =>
        update is { TokenId: { } token, LogProbability: not null } && !(update.FinishReason == FinishReason.Stop && ends.Contains(token));

    /// <summary>Writes the token of an update.</summary>
    public void Write(Utf8JsonWriter json, CompletionUpdate update)
    {
        json.WriteStartObject();
        WriteToken(json, update.TokenId!.Value, update.LogProbability!.Value);
        json.WriteStartArray("top_logprobs"u8);
        foreach (TokenLogProbability alternative in update.TopLogProbabilities)
        {
            json.WriteStartObject();
            WriteToken(json, alternative.TokenId, alternative.LogProbability);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>A logarithm that JSON can write.</summary>
    public static float Finite(float logProbability) => float.IsFinite(logProbability) ? logProbability : Impossible;

    private void WriteToken(Utf8JsonWriter json, int token, float logProbability)
    {
        ReadOnlySpan<byte> bytes = tokenizer.GetBytes(token);
        json.WriteString("token"u8, Encoding.UTF8.GetString(bytes));
        json.WriteNumber("logprob"u8, Finite(logProbability));
        json.WriteStartArray("bytes"u8);
        foreach (byte value in bytes)
            json.WriteNumberValue(value);
        json.WriteEndArray();
    }
}
