using LlamaEngine.Sampling;
using Microsoft.Extensions.Options;

namespace LlamaEngine.DependencyInjection;

/// <summary>Checks the options of all engines of a container; each message names the member.</summary>
internal sealed class LlamaEngineOptionsValidator : IValidateOptions<LlamaEngineOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, LlamaEngineOptions options)
    {
        string type = string.IsNullOrEmpty(name) ? nameof(LlamaEngineOptions) : $"{nameof(LlamaEngineOptions)}('{name}')";
        var result = new ValidateOptionsResultBuilder();
        Check(options.ToEngineOptions().Validate, type);
        Check(options.Conversations.Validate, $"{type}.{nameof(options.Conversations)}");
        Check(() => OptionChecks.CheckTimeout(options.Embeddings.Timeout), $"{type}.{nameof(options.Embeddings)}");
        EmbeddingPooling pooling = options.Embeddings.Pooling;
        if (!Enum.IsDefined(pooling))
            result.AddError($"{type}.{nameof(options.Embeddings)}.{nameof(EmbeddingOptions.Pooling)}: {pooling} is not a way of pooling.");
        string warmUp = $"{type}.{nameof(options.WarmUpPrompt)}";
        if (options.WarmUpPrompt is "")
            result.AddError($"{warmUp}: there is no text to compute; null computes none.");
        if (options.WarmUpPrompt is not null && !options.LoadAtStart)
            result.AddError($"{warmUp}: it is computed when the host starts, so {nameof(options.LoadAtStart)} must be true.");
        return result.Build();

        void Check(Action validate, string owner)
        {
            try
            {
                validate();
            }
            catch (ArgumentOutOfRangeException exception)
            {
                result.AddError($"{owner}.{exception.ParamName}: {exception.Message}");
            }
        }
    }
}
