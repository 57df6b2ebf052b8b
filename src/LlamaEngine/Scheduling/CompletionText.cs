using LlamaEngine.Sampling;
using LlamaEngine.Tokenization;

namespace LlamaEngine.Scheduling;

/// <summary>Turns the tokens of one completion into its text: decodes them, leaves out what ends the completion, and stops at stop strings.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class CompletionText
{
    private readonly Tokenizer _tokenizer;
    private readonly TokenDecoder _decoder;
    private readonly StopMatcher _stops;
    private readonly SamplingParameters _parameters;

    private CompletionText(Tokenizer tokenizer, SamplingParameters parameters)
    {
        _tokenizer = tokenizer;
        _decoder = tokenizer.CreateDecoder(skipSpecial: true);
        _stops = new StopMatcher(parameters.StopStrings);
        _parameters = parameters;
    }

    /// <summary>A stop string was met.</summary>
    public bool Stopped => _stops.Matched;

    /// <summary>For a caller who wants the text; null where there is no tokenizer.</summary>
    public static CompletionText? Create(Tokenizer? tokenizer, SamplingParameters parameters) =>
        tokenizer is null ? null : new CompletionText(tokenizer, parameters);

    /// <summary>For the loop, which needs text only to see stop strings; null where there are none.</summary>
    /// <exception cref="InvalidOperationException">There are stop strings, but no tokenizer to see them with.</exception>
    public static CompletionText? CreateForStops(Tokenizer? tokenizer, SamplingParameters parameters)
    {
        if (parameters.StopStrings.IsEmpty)
            return null;
        return Create(tokenizer, parameters)
            ?? throw new InvalidOperationException("The model file has no tokenizer, so stop strings cannot be found; use stop tokens.");
    }

    /// <summary>Takes the next token and gives the text that is safe to show.</summary>
    public string Append(int token)
    {
        if (_parameters.IsStopToken(token))
            return "";
        // A special token ends what stands before it, also half a character.
        string text = _parameters.ShownTokens.Contains(token) ? _decoder.Flush() + _tokenizer.GetToken(token) : _decoder.Append(token);
        return _stops.Append(text);
    }

    /// <summary>Gives what is left at the end of the completion.</summary>
    public string Flush() => _stops.Append(_decoder.Flush()) + _stops.Flush();
}
