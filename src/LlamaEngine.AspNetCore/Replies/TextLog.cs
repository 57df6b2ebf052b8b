using System.Text;
using System.Text.Json;
using LlamaEngine.Tokenization;

namespace LlamaEngine.AspNetCore.Replies;

/// <summary>
/// Log probabilities of a text completion in OpenAI's older shape: lists of tokens, of their logarithms, of alternatives by token, and of where
/// each token begins in the text.
/// </summary>
/// <remarks>
/// Tokens that are no text by themselves are written <c>bytes:\xe2\x80</c>, as OpenAI writes them. Offsets count Unicode code points, of the
/// text that was complete before the token.
/// </remarks>
/// <param name="ends">Tokens that end a completion and are no part of its text, so they are left out at its end.</param>
internal sealed class TextLog(Tokenizer tokenizer, IReadOnlySet<int> ends)
{
    private readonly TokenDecoder _decoder = tokenizer.CreateDecoder();
    private int _offset;

    /// <summary>Writes some updates of one completion, in order, as the object.</summary>
    public void Write(Utf8JsonWriter json, IReadOnlyList<CompletionUpdate> updates)
    {
        CompletionUpdate[] tokens = [.. updates.Where(Reports)];
        json.WriteStartObject();
        json.WriteStartArray("tokens"u8);
        foreach (CompletionUpdate token in tokens)
            json.WriteStringValue(NameOf(token.TokenId!.Value));
        json.WriteEndArray();
        json.WriteStartArray("token_logprobs"u8);
        foreach (CompletionUpdate token in tokens)
            json.WriteNumberValue(TokenLog.Finite(token.LogProbability!.Value));
        json.WriteEndArray();
        json.WriteStartArray("top_logprobs"u8);
        foreach (CompletionUpdate token in tokens)
            WriteAlternatives(json, token);
        json.WriteEndArray();
        json.WriteStartArray("text_offset"u8);
        foreach (CompletionUpdate token in tokens)
        {
            json.WriteNumberValue(_offset);
            _offset += _decoder.Append(token.TokenId!.Value).EnumerateRunes().Count();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Whether an update has a token to report.</summary>
    public bool Reports(CompletionUpdate update) =>
        update is { TokenId: { } token, LogProbability: not null } && !(update.FinishReason == FinishReason.Stop && ends.Contains(token));

    private void WriteAlternatives(Utf8JsonWriter json, CompletionUpdate update)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        json.WriteStartObject();
        foreach (TokenLogProbability alternative in update.TopLogProbabilities)
        {
            // Two tokens of a vocabulary can be the same text; the likelier one comes first.
            if (names.Add(NameOf(alternative.TokenId)))
                json.WriteNumber(NameOf(alternative.TokenId), TokenLog.Finite(alternative.LogProbability));
        }
        json.WriteEndObject();
    }

    private string NameOf(int token)
    {
        ReadOnlySpan<byte> bytes = tokenizer.GetBytes(token);
        if (System.Text.Unicode.Utf8.IsValid(bytes))
            return Encoding.UTF8.GetString(bytes);
        var name = new StringBuilder("bytes:");
        foreach (byte value in bytes)
            name.Append("\\x").Append(value.ToString("x2", System.Globalization.CultureInfo.InvariantCulture));
        return name.ToString();
    }
}
